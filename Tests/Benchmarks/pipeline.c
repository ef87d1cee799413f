/* The client of the store's measurements: keeps calls under way on sessions that somebody else has joined.
 *
 *   pipeline DEPTH FRAMES      prints for each call, session by session, when it began and when it was answered (ms)
 *
 * FRAMES holds, for each session, its socket's descriptor, its number of calls and then their RawSocket frames, each after
 * its length; numbers are 32 bits of this machine's order. A session without calls takes what comes: a subscriber.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

typedef struct {
    int fd;
    uint32_t calls, sent, answered;
    unsigned char **frames;
    uint32_t *lengths;
    double *begun, *ended;
    size_t held;
    unsigned char buffer[1 << 16];
} session;

static size_t answer_count;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static uint32_t number(FILE *file) {
    uint32_t value = 0;
    return fread(&value, 4, 1, file) == 1 ? value : 0;
}

static session *read_session(FILE *file) {
    const int next = fgetc(file);
    if (next == EOF) return NULL;
    ungetc(next, file);
    session *one = calloc(1, sizeof *one);
    one->fd = (int)number(file);
    one->calls = number(file);
    one->frames = calloc(one->calls + 1, sizeof *one->frames);
    one->lengths = calloc(one->calls + 1, sizeof *one->lengths);
    one->begun = calloc(one->calls + 1, sizeof *one->begun);
    one->ended = calloc(one->calls + 1, sizeof *one->ended);
    for (uint32_t call = 0; call < one->calls; call++) {
        one->lengths[call] = number(file);
        one->frames[call] = malloc(one->lengths[call]);
        if (fread(one->frames[call], 1, one->lengths[call], file) != one->lengths[call]) fail("frames");
    }
    return one;
}

static void write_all(int fd, const unsigned char *bytes, size_t count) {
    while (count > 0) {
        const ssize_t written = send(fd, bytes, count, 0);
        if (written < 0) fail("send");
        bytes += written;
        count -= (size_t)written;
    }
}

static void fill(session *one, uint32_t depth) {
    while (one->sent < one->calls && one->sent - one->answered < depth) {
        one->begun[one->sent] = now();
        write_all(one->fd, one->frames[one->sent], one->lengths[one->sent]);
        one->sent++;
    }
}

/* One frame: a RESULT (array of three or more, 50), or a ping that wants its pong. */
static void take(session *one, unsigned char *frame, size_t length) {
    if (frame[0] == 1) {
        frame[0] = 2;
        write_all(one->fd, frame, length);
    } else if (frame[0] == 0 && one->calls > 0) {
        if (length < 6 || frame[5] != 50) {
            fprintf(stderr, "pipeline: the answer is no RESULT\n");
            exit(1);
        }
        one->ended[one->answered++] = now();
        answer_count++;
    }
}

static void receive(session *one) {
    const ssize_t count = recv(one->fd, one->buffer + one->held, sizeof one->buffer - one->held, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) fail("the server hung up");
    if (one->calls == 0) return;
    one->held += (size_t)count;
    size_t done = 0;
    while (one->held - done >= 4) {
        unsigned char *frame = one->buffer + done;
        const size_t length = 4 + ((size_t)frame[1] << 16 | (size_t)frame[2] << 8 | frame[3]);
        if (length > sizeof one->buffer) fail("the answer is too long");
        if (one->held - done < length) break;
        take(one, frame, length);
        done += length;
    }
    memmove(one->buffer, one->buffer + done, one->held -= done);
}

int main(int count, char **arguments) {
    if (count != 3) return 2;
    const uint32_t depth = (uint32_t)atoi(arguments[1]);
    FILE *file = fopen(arguments[2], "rb");
    if (!file) fail(arguments[2]);
    const int poll = epoll_create1(0);
    session *sessions[1024], *one;
    size_t session_count = 0, calls = 0;
    while (session_count < 1024 && (one = read_session(file))) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = one};
        if (epoll_ctl(poll, EPOLL_CTL_ADD, one->fd, &event)) fail("epoll");
        sessions[session_count++] = one;
        calls += one->calls;
    }
    const double begin = now();
    for (size_t index = 0; index < session_count; index++) fill(sessions[index], depth);
    while (answer_count < calls) {
        struct epoll_event events[256];
        const int ready = epoll_wait(poll, events, 256, 30000);
        if (ready <= 0) fail("no answer for half a minute");
        for (int index = 0; index < ready; index++) {
            receive(events[index].data.ptr);
            fill(events[index].data.ptr, depth);
        }
    }
    for (size_t index = 0; index < session_count; index++) {
        one = sessions[index];
        for (uint32_t call = 0; call < one->calls; call++)
            printf("%.4f %.4f\n", one->begun[call] - begin, one->ended[call] - begin);
    }
    return 0;
}
