#ifndef SP_CLIENT_ANSWER_H
#define SP_CLIENT_ANSWER_H

/* Answers as the public header shows them: a tree whose root owns the message's memory. */

#include "client/sallyport.h"
#include "proto/message.h"

/* Moves the message into an answer whose root is the response's result. SP_ENO_MEMORY; the message is gone then too. */
int sp_answer_new(struct sp_message *message, sallyport_value **ret_answer, struct sp_error *error);

/* What a response's error says, whichever form it has ("name: message" or a map). Returns the code, never 0. */
int sp_answer_error(const msgpack_object *object, struct sp_error *error);

/* Our error as the public one; returns its code. public may be NULL. */
int sp_answer_publish(const struct sp_error *error, struct sallyport_error *ret_public);

#endif
