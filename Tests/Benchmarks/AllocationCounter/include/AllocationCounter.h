#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

/* How often this process has allocated memory since it began; 0 on systems where that is not counted. */
unsigned long allocation_count(void);

#endif
