/* Loaded before everything else, it lets a process believe in another time: TEST_CLOCK_SHIFT seconds from the real one,
   and as many more as the first eight bytes of the file TEST_CLOCK_FILE say, which may change while it runs.
   Only the wall clock is moved; what counts elapsed time goes on as before. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

static const volatile int64_t *jumps(void) {
    const char *path = getenv("TEST_CLOCK_FILE");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return NULL;
    void *mapped = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    return mapped == MAP_FAILED ? NULL : mapped;
}

static long shift(void) {
    static long seconds;
    static const volatile int64_t *jumped;
    static int is_known;
    if (!is_known) {
        const char *wanted = getenv("TEST_CLOCK_SHIFT");
        seconds = wanted ? atol(wanted) : 0;
        jumped = jumps();
        is_known = 1;
    }
    return seconds + (jumped ? (long)*jumped : 0);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += shift();
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    (void)zone;
    struct timespec precise;
    int result = clock_gettime(CLOCK_REALTIME, &precise);
    if (result == 0 && now) {
        now->tv_sec = precise.tv_sec;
        now->tv_usec = precise.tv_nsec / 1000;
    }
    return result;
}

time_t time(time_t *where) {
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (where) *where = precise.tv_sec;
    return precise.tv_sec;
}
