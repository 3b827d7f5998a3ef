// Threads that share out numbered tasks (pool.c).
#pragma once

typedef struct dcae_pool dcae_pool;

/// Makes a pool of up to `threads` threads, the caller being one of them. Where the system gives fewer there are fewer, and with none
/// the caller does everything. NULL where there is no memory.
dcae_pool *dcae_pool_create(int threads);
/// Ends the threads, once they have done what they began.
void dcae_pool_destroy(dcae_pool *pool);
/// The threads that there are beside the caller.
int dcae_pool_helpers(const dcae_pool *pool);

/// Calls body(context, task, worker) once for each task below `tasks`, on the pool's threads and the caller's (worker 0), and returns
/// when all have returned. For one caller at a time.
void dcae_pool_run(dcae_pool *pool, int tasks, void (*body)(void *context, int task, int worker), void *context);
/// The same without the caller, who goes on at once: body and context must stay until the pool is destroyed, and nothing else may be run
/// on it. Not for a pool without helpers.
void dcae_pool_begin(dcae_pool *pool, int tasks, void (*body)(void *context, int task, int worker), void *context);
