#ifndef SP_PROTO_SCOPE_H
#define SP_PROTO_SCOPE_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Ownership by scope: a variable marked so is released when its scope ends; SP_TAKE moves it out.
 *     sp_cleanup(sp_free_ptr) char *line = …;      return SP_TAKE(line);
 * A room adds its own with SP_CLEANUP_DEFINE(struct sp_policy *, sp_policy_unref), used as
 *     sp_cleanup(sp_policy_unref_scope) struct sp_policy *policy = NULL; */
#define sp_cleanup(function) __attribute__((cleanup(function)))

#define SP_TAKE(variable)                                                                                              \
    ({                                                                                                                 \
        __typeof__(variable) *sp_take_from_ = &(variable);                                                             \
        __typeof__(variable) sp_taken_ = *sp_take_from_;                                                               \
        *sp_take_from_ = NULL;                                                                                         \
        sp_taken_;                                                                                                     \
    })

/* The same for descriptors, of which -1 is none. */
#define SP_TAKE_FD(variable)                                                                                           \
    ({                                                                                                                 \
        int *sp_take_from_ = &(variable);                                                                              \
        int sp_taken_ = *sp_take_from_;                                                                                \
        *sp_take_from_ = -1;                                                                                           \
        sp_taken_;                                                                                                     \
    })

#define SP_CLEANUP_DEFINE(type, function)                                                                              \
    static inline __attribute__((unused)) void function##_scope(type *variable)                                        \
    {                                                                                                                  \
        if (*variable)                                                                                                 \
            function(*variable);                                                                                       \
    }

#define SP_COUNT(array)                     (sizeof(array) / sizeof((array)[0]))
#define SP_CONTAINER(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

static inline void sp_free_ptr(void *variable)
{
    free(*(void **)variable);
}

static inline void sp_close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static inline void sp_close_file(FILE **file)
{
    if (*file)
        fclose(*file);
}

#endif
