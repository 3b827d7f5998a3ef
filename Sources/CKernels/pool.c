// The one pool of threads: of the network, of what reads, writes and compares files, and of what reads ahead.
//
// Whoever waits spins briefly before it sleeps: the network's steps follow one another within microseconds.
//
// Measured with two threads on two processors of a Zen 4 that had much other work, so that only the sizes hold: to make and end a
// pool takes 40 to 300 µs, so a pool is made for a piece of work of milliseconds, and kept for the network's steps. A run of eight
// tasks of 12 µs takes 45 to 140 µs, and 30 to 115 µs where nobody spins: on processors that others want too, spinning does not
// pay. What it gains on processors of one's own must be measured on a quiet machine before it is changed.
#include "dcae_pool.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

// One word says which run this is, how many tasks it has and which is next, so that a thread that comes late to a run
// takes no task of the next one by mistake: its exchange fails.
enum { INDEX_BITS = 22, MOST_TASKS = (1 << INDEX_BITS) - 1, SPINS = 4000 };

struct dcae_pool {
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    pthread_t *threads;
    void (*body)(void *, int, int);
    void *context;
    int workers, started;
    _Atomic uint64_t ticket;
    _Atomic int finished, sleeping, waiting, stop;
};

static int index_of(uint64_t ticket) { return (int)(ticket & MOST_TASKS); }
static int tasks_of(uint64_t ticket) { return (int)(ticket >> INDEX_BITS & MOST_TASKS); }
static uint64_t run_of(uint64_t ticket) { return ticket >> (2 * INDEX_BITS); }

static void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void work(dcae_pool *pool, int worker) {
    uint64_t ticket = atomic_load(&pool->ticket);
    while (index_of(ticket) < tasks_of(ticket) && !atomic_load(&pool->stop)) {
        if (!atomic_compare_exchange_weak(&pool->ticket, &ticket, ticket + 1)) continue;
        const int tasks = tasks_of(ticket);
        pool->body(pool->context, index_of(ticket), worker);
        if (atomic_fetch_add(&pool->finished, 1) + 1 == tasks && atomic_load(&pool->waiting)) {
            pthread_mutex_lock(&pool->lock);
            pthread_cond_signal(&pool->done);
            pthread_mutex_unlock(&pool->lock);
        }
        ticket = atomic_load(&pool->ticket);
    }
}

static void *loop(void *argument) {
    dcae_pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    const int worker = ++pool->started;
    pthread_mutex_unlock(&pool->lock);
    uint64_t seen = 0;
    while (!atomic_load(&pool->stop)) {
        for (int i = 0; i < SPINS && run_of(atomic_load(&pool->ticket)) == seen && !atomic_load(&pool->stop); i++) relax();
        if (run_of(atomic_load(&pool->ticket)) == seen) {
            pthread_mutex_lock(&pool->lock);
            atomic_fetch_add(&pool->sleeping, 1);
            while (run_of(atomic_load(&pool->ticket)) == seen && !atomic_load(&pool->stop)) pthread_cond_wait(&pool->wake, &pool->lock);
            atomic_fetch_sub(&pool->sleeping, 1);
            pthread_mutex_unlock(&pool->lock);
        }
        seen = run_of(atomic_load(&pool->ticket));
        work(pool, worker);
    }
    return NULL;
}

dcae_pool *dcae_pool_create(int threads) {
    dcae_pool *pool = calloc(1, sizeof *pool);
    if (!pool) return NULL;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->done, NULL);
    pool->threads = calloc((size_t)(threads > 1 ? threads : 1), sizeof *pool->threads);
    for (int i = 1; i < threads && pool->threads; i++)
        if (pthread_create(&pool->threads[pool->workers], NULL, loop, pool) == 0) pool->workers++;
    return pool;
}

int dcae_pool_helpers(const dcae_pool *pool) { return pool->workers; }

void dcae_pool_destroy(dcae_pool *pool) {
    if (!pool) return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->stop, 1);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->workers; i++) pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_cond_destroy(&pool->done);
    pthread_mutex_destroy(&pool->lock);
    free(pool->threads);
    free(pool);
}

static void hand_out(dcae_pool *pool, int tasks, void (*body)(void *, int, int), void *context) {
    pool->body = body;
    pool->context = context;
    atomic_store(&pool->finished, 0);
    const uint64_t run = run_of(atomic_load(&pool->ticket)) + 1;
    atomic_store(&pool->ticket, run << (2 * INDEX_BITS) | (uint64_t)tasks << INDEX_BITS);
    if (atomic_load(&pool->sleeping)) {
        pthread_mutex_lock(&pool->lock);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->lock);
    }
}

// Whether the tasks have a ticket's room, and somebody to share them with.
static int is_shared(const dcae_pool *pool, int tasks) { return tasks > 1 && tasks <= MOST_TASKS && pool->workers > 0; }

void dcae_pool_run(dcae_pool *pool, int tasks, void (*body)(void *, int, int), void *context) {
    if (!is_shared(pool, tasks)) {
        for (int i = 0; i < tasks; i++) body(context, i, 0);
        return;
    }
    hand_out(pool, tasks, body, context);
    work(pool, 0);
    for (int i = 0; i < SPINS && atomic_load(&pool->finished) < tasks; i++) relax();
    if (atomic_load(&pool->finished) == tasks) return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->waiting, 1);
    while (atomic_load(&pool->finished) < tasks) pthread_cond_wait(&pool->done, &pool->lock);
    atomic_store(&pool->waiting, 0);
    pthread_mutex_unlock(&pool->lock);
}

void dcae_pool_begin(dcae_pool *pool, int tasks, void (*body)(void *, int, int), void *context) {
    hand_out(pool, tasks < MOST_TASKS ? tasks : MOST_TASKS, body, context);
}
