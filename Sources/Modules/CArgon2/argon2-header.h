// Argon2's reference implementation, Debian's libargon2-dev. Linked as an archive, so that the bundle needs no package.
#include <argon2.h>
