// The functions of libcurl that are used here. The library is loaded by dcae_curl_load and not before: with all that it needs itself
// it costs every start of the program 15 ms and 10 MB, and most commands go without a network.
#pragma once
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

/// Loads and starts the library. Must be called once, before all others, by one thread.
///
/// - file: the one to load, or NULL for where systems keep it.
///
/// Returns 0; 1 where there is none; 2 where it is too old or does not start. Then `reason` says more.
int dcae_curl_load(const char *file, char *reason, size_t room);

/// As libcurl's functions of these names.
CURLM *dcae_curl_multi_init(void);
CURLMcode dcae_curl_multi_add(CURLM *multi, CURL *handle);
CURLMcode dcae_curl_multi_remove(CURLM *multi, CURL *handle);
CURLMcode dcae_curl_multi_perform(CURLM *multi, int *running);
CURLMcode dcae_curl_multi_poll(CURLM *multi, int milliseconds);
void dcae_curl_multi_cleanup(CURLM *multi);
CURL *dcae_curl_easy_init(void);
void dcae_curl_easy_cleanup(CURL *handle);
const char *dcae_curl_words(CURLcode code);
struct curl_slist *dcae_curl_list_append(struct curl_slist *list, const char *line);
void dcae_curl_list_free(struct curl_slist *list);
/// Seconds since 1970, or -1 where the text is no date.
time_t dcae_curl_date(const char *text);
/// An address, taken apart: one with a user's name is refused, and a port is always told.
CURLU *dcae_curl_url(void);
CURLUcode dcae_curl_url_set(CURLU *url, CURLUPart part, const char *text);
CURLUcode dcae_curl_url_get(const CURLU *url, CURLUPart part, char **text);
void dcae_curl_url_cleanup(CURLU *url);
void dcae_curl_free(void *memory);

// curl_easy_setopt is variadic, which Swift cannot call: one function for each type that an option takes.
CURLcode dcae_curl_set_number(CURL *handle, CURLoption option, long value);
CURLcode dcae_curl_set_text(CURL *handle, CURLoption option, const char *value);
CURLcode dcae_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *list);

/// Takes bytes of a body or one line of a header; what it returns other than their number ends the transfer.
typedef size_t (*dcae_curl_receiver)(char *bytes, size_t size, size_t count, void *context);
void dcae_curl_set_receivers(CURL *handle, dcae_curl_receiver header, dcae_curl_receiver body, void *context);

/// The next transfer that has ended, its handle and how it ended; null where there is none. The message is a union in C.
CURL *dcae_curl_next_ended(CURLM *multi, CURLcode *result);
