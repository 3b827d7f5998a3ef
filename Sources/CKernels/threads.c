// A pool of threads that share out numbered tasks. A worker spins briefly before it sleeps: the network's steps follow
// one another within microseconds.
#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "dcae_network.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

struct dcae_pool {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t *threads;
    void (*body)(void *, int, int);
    void *context;
    int workers, tasks, started;
    _Atomic int next, running, generation, stop;
};

static void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    sched_yield();
#endif
}

static void work(dcae_pool *pool, int worker) {
    for (;;) {
        int task = atomic_fetch_add(&pool->next, 1);
        if (task >= pool->tasks) return;
        pool->body(pool->context, task, worker);
    }
}

static void *loop(void *argument) {
    dcae_pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    int worker = ++pool->started, seen = 0;
    pthread_mutex_unlock(&pool->lock);
    for (;;) {
        for (int spins = 0; spins < 20000 && atomic_load(&pool->generation) == seen && !atomic_load(&pool->stop); spins++) relax();
        if (atomic_load(&pool->generation) == seen) {
            pthread_mutex_lock(&pool->lock);
            while (atomic_load(&pool->generation) == seen && !atomic_load(&pool->stop)) pthread_cond_wait(&pool->wake, &pool->lock);
            pthread_mutex_unlock(&pool->lock);
        }
        if (atomic_load(&pool->stop)) return NULL;
        seen = atomic_load(&pool->generation);
        work(pool, worker);
        atomic_fetch_sub(&pool->running, 1);
    }
}

dcae_pool *dcae_pool_create(int threads) {
    dcae_pool *pool = calloc(1, sizeof *pool);
    if (!pool) return NULL;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pool->threads = calloc((size_t)(threads > 1 ? threads : 1), sizeof *pool->threads);
    for (int i = 1; i < threads && pool->threads; i++)
        if (pthread_create(&pool->threads[pool->workers], NULL, loop, pool) == 0) pool->workers++;
    return pool;
}

void dcae_pool_destroy(dcae_pool *pool) {
    if (!pool) return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->stop, 1);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->workers; i++) pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool->threads);
    free(pool);
}

void dcae_pool_run(dcae_pool *pool, int tasks, void (*body)(void *, int, int), void *context) {
    if (tasks <= 1 || pool->workers == 0) {
        for (int i = 0; i < tasks; i++) body(context, i, 0);
        return;
    }
    pool->body = body;
    pool->context = context;
    pool->tasks = tasks;
    atomic_store(&pool->next, 0);
    atomic_store(&pool->running, pool->workers);
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->generation, 1);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    work(pool, 0);
    for (int spins = 0; atomic_load(&pool->running) > 0; spins++) {
        if (spins > 20000) sched_yield(); else relax();
    }
}

int dcae_processor_count(void) {
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
#endif
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (int)count : 1;
}
