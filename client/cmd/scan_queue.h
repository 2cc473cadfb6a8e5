#ifndef SP_CLIENT_SCAN_QUEUE_H
#define SP_CLIENT_SCAN_QUEUE_H

/* Sources on their way to the service and back: sent in batches, several in flight, told in the order in which they came.
 * What is held is bounded: n_batches of at most a few hundred kilobytes (a larger source travels alone). */

#include <stdbool.h>
#include <stddef.h>

#include "client/sallyport.h"
#include "proto/buffer.h"

struct sp_scan_source {
    char *path;           /* as it is told; owned */
    const char *language; /* as it is sent; lasts as long as the queue */
    struct sp_buffer code;
    bool in_tree; /* found in a folder: what the policy or the service has no word on is skipped, not an error */
    struct sallyport_error error; /* code set: it could not be read, and is not sent */
};

/* One source's outcome: verdict, or NULL and why. What they point at lasts until this returns. */
typedef void sp_scan_told(void *context, const struct sp_scan_source *source, const sallyport_value *verdict,
    const struct sallyport_error *error);

struct sp_scan_queue_config {
    sallyport *service;
    const char *policy;
    const void *policy_yaml;
    size_t policy_yaml_bytes;
    size_t n_batches; /* in flight, 1..64 */
    sp_scan_told *told;
    void *context;
};

struct sp_scan_queue;

int sp_scan_queue_new(const struct sp_scan_queue_config *config, struct sp_scan_queue **ret_queue);
void sp_scan_queue_free(struct sp_scan_queue *queue);

/* Takes the source, also on failure. Tells of others meanwhile. A failure is one of the whole scan (the policy is not valid,
 * the service is gone) and ends it. */
int sp_scan_queue_put(struct sp_scan_queue *queue, struct sp_scan_source *source, struct sallyport_error *error);
/* Sends what is left and tells of all. */
int sp_scan_queue_finish(struct sp_scan_queue *queue, struct sallyport_error *error);

void sp_scan_source_fini(struct sp_scan_source *source);

#endif
