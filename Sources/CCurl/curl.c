#include "ccurl.h"
#include "cplatform.h"
#include <stdio.h>

// In the order of `symbols`.
static struct {
    CURLcode (*global_init)(long);
    curl_version_info_data *(*version_info)(CURLversion);
    CURLM *(*multi_init)(void);
    CURLMcode (*multi_add)(CURLM *, CURL *);
    CURLMcode (*multi_remove)(CURLM *, CURL *);
    CURLMcode (*multi_perform)(CURLM *, int *);
    CURLMcode (*multi_poll)(CURLM *, struct curl_waitfd *, unsigned int, int, int *);
    CURLMsg *(*multi_info_read)(CURLM *, int *);
    CURLMcode (*multi_cleanup)(CURLM *);
    CURL *(*easy_init)(void);
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    void (*easy_cleanup)(CURL *);
    const char *(*easy_strerror)(CURLcode);
    struct curl_slist *(*list_append)(struct curl_slist *, const char *);
    void (*list_free)(struct curl_slist *);
    time_t (*getdate)(const char *, const time_t *);
    CURLU *(*url)(void);
    CURLUcode (*url_set)(CURLU *, CURLUPart, const char *, unsigned int);
    CURLUcode (*url_get)(const CURLU *, CURLUPart, char **, unsigned int);
    void (*url_cleanup)(CURLU *);
    void (*free)(void *);
} curl;

static const char *const symbols[] = {
    "curl_global_init",   "curl_version_info", "curl_multi_init",      "curl_multi_add_handle", "curl_multi_remove_handle",
    "curl_multi_perform", "curl_multi_poll",   "curl_multi_info_read", "curl_multi_cleanup",    "curl_easy_init",
    "curl_easy_setopt",   "curl_easy_cleanup", "curl_easy_strerror",   "curl_slist_append",     "curl_slist_free_all",
    "curl_getdate",       "curl_url",          "curl_url_set",         "curl_url_get",          "curl_url_cleanup",
    "curl_free",          NULL,
};

int dcae_curl_load(const char *file, char *reason, size_t room) {
    static const char *const known[] = {
#if defined(__APPLE__)
        "/usr/lib/libcurl.4.dylib",
        "libcurl.4.dylib",
        "/opt/homebrew/opt/curl/lib/libcurl.4.dylib",
        "/usr/local/opt/curl/lib/libcurl.4.dylib",
#else
        "libcurl.so.4",
        "libcurl.so",
        "libcurl-gnutls.so.4",
#endif
        NULL,
    };
    const char *const given[] = {file, NULL};
    const int failure = dcae_load_library(file ? given : known, symbols, (void **)&curl, reason, room);
    if (failure) return failure;
    const curl_version_info_data *version = curl.version_info(CURLVERSION_NOW);
    // Before 7.85 it does not know CURLOPT_PROTOCOLS_STR, without which a redirect could lead to a file.
    if (version->version_num < 0x075500) {
        snprintf(reason, room, "it is version %s, and 7.85 or newer is needed", version->version);
        return 2;
    }
    if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        snprintf(reason, room, "it does not start");
        return 2;
    }
    return 0;
}

CURLM *dcae_curl_multi_init(void) { return curl.multi_init(); }
CURLMcode dcae_curl_multi_add(CURLM *multi, CURL *handle) { return curl.multi_add(multi, handle); }
CURLMcode dcae_curl_multi_remove(CURLM *multi, CURL *handle) { return curl.multi_remove(multi, handle); }
CURLMcode dcae_curl_multi_perform(CURLM *multi, int *running) { return curl.multi_perform(multi, running); }
CURLMcode dcae_curl_multi_poll(CURLM *multi, int milliseconds) { return curl.multi_poll(multi, NULL, 0, milliseconds, NULL); }
void dcae_curl_multi_cleanup(CURLM *multi) { curl.multi_cleanup(multi); }
CURL *dcae_curl_easy_init(void) { return curl.easy_init(); }
void dcae_curl_easy_cleanup(CURL *handle) { curl.easy_cleanup(handle); }
const char *dcae_curl_words(CURLcode code) { return curl.easy_strerror(code); }
struct curl_slist *dcae_curl_list_append(struct curl_slist *list, const char *line) { return curl.list_append(list, line); }
void dcae_curl_list_free(struct curl_slist *list) { curl.list_free(list); }
time_t dcae_curl_date(const char *text) { return curl.getdate(text, NULL); }
CURLU *dcae_curl_url(void) { return curl.url(); }
CURLUcode dcae_curl_url_set(CURLU *url, CURLUPart part, const char *text) { return curl.url_set(url, part, text, CURLU_DISALLOW_USER); }
CURLUcode dcae_curl_url_get(const CURLU *url, CURLUPart part, char **text) {
    // The port is wanted also where it goes without saying.
    return curl.url_get(url, part, text, part == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0);
}
void dcae_curl_url_cleanup(CURLU *url) { curl.url_cleanup(url); }
void dcae_curl_free(void *memory) { curl.free(memory); }

CURLcode dcae_curl_set_number(CURL *handle, CURLoption option, long value) { return curl.easy_setopt(handle, option, value); }
CURLcode dcae_curl_set_text(CURL *handle, CURLoption option, const char *value) { return curl.easy_setopt(handle, option, value); }
CURLcode dcae_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *list) {
    return curl.easy_setopt(handle, option, list);
}

void dcae_curl_set_receivers(CURL *handle, dcae_curl_receiver header, dcae_curl_receiver body, void *context) {
    curl.easy_setopt(handle, CURLOPT_HEADERFUNCTION, header);
    curl.easy_setopt(handle, CURLOPT_HEADERDATA, context);
    curl.easy_setopt(handle, CURLOPT_WRITEFUNCTION, body);
    curl.easy_setopt(handle, CURLOPT_WRITEDATA, context);
}

CURL *dcae_curl_next_ended(CURLM *multi, CURLcode *result) {
    int left = 0;
    CURLMsg *message;
    while ((message = curl.multi_info_read(multi, &left))) {
        if (message->msg == CURLMSG_DONE) {
            *result = message->data.result;
            return message->easy_handle;
        }
    }
    return NULL;
}
