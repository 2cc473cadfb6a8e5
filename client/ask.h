#ifndef SP_CLIENT_ASK_H
#define SP_CLIENT_ASK_H

/* What is asked, as the one map of a request's parameters. The options' strings are copied onto the buffer. */

#include "client/sallyport.h"
#include "proto/buffer.h"

/* Each: SP_EINVALID_REQUEST for options without a size, without code, with a count of things at NULL, or with fields that
 * this version does not know; a failure of the buffer sticks to it. */
int sp_ask_run(struct sp_buffer *buffer, const struct sallyport_run_options *options, struct sp_error *error);
int sp_ask_scan(struct sp_buffer *buffer, const struct sallyport_scan_options *options, struct sp_error *error);
int sp_ask_scan_batch(struct sp_buffer *buffer, const struct sallyport_batch_options *options, struct sp_error *error);
int sp_ask_explain(struct sp_buffer *buffer, const struct sallyport_explain_options *options, struct sp_error *error);
int sp_ask_policy_put(
    struct sp_buffer *buffer, const void *yaml, size_t yaml_bytes, const char *name, struct sp_error *error);
/* The policy itself, not to be named. */
int sp_ask_policy_check(struct sp_buffer *buffer, const void *yaml, size_t yaml_bytes, struct sp_error *error);
int sp_ask_policy(struct sp_buffer *buffer, const char *policy, struct sp_error *error);
int sp_ask_hello(struct sp_buffer *buffer, const char *client);
int sp_ask_nothing(struct sp_buffer *buffer);

/* Copies a public struct of the caller's size into ours: what the caller does not know is zero; what we do not know must
 * be. Also for the connection's options. */
int sp_ask_adopt(const void *options, size_t size, size_t own_size, void *ret_own, struct sp_error *error);

#endif
