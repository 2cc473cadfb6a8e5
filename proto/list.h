#ifndef SP_PROTO_LIST_H
#define SP_PROTO_LIST_H

/* Lists whose items hold their own links: `struct sp_x *next, **link;`. The head is a `struct sp_x *`, NULL at first; link is the
 * place that points at the item, so that an item is taken out without its list being known, and NULL where it is in none. They
 * are walked by next. Nothing is allocated, each takes the same time however long the list is, and the owner of a list is who
 * keeps its items alive. */

/* Puts the item, which is in no list, where place points: the address of the head, or of an item's next. */
#define SP_LIST_INSERT(place, item) SP_LIST_INSERT_BY(place, item, next, link)

/* Takes the item out of the list that it is in. */
#define SP_LIST_REMOVE(item) SP_LIST_REMOVE_BY(item, next, link)

/* The same for items that can be in a second list, by the names of its links. */
#define SP_LIST_INSERT_BY(place, item, next, link)                                                                     \
    do {                                                                                                               \
        __typeof__(item) sp_item_ = (item);                                                                            \
        sp_item_->link = (place);                                                                                      \
        sp_item_->next = *sp_item_->link;                                                                              \
        if (sp_item_->next)                                                                                            \
            sp_item_->next->link = &sp_item_->next;                                                                    \
        *sp_item_->link = sp_item_;                                                                                    \
    } while (0)
#define SP_LIST_REMOVE_BY(item, next, link)                                                                            \
    do {                                                                                                               \
        __typeof__(item) sp_item_ = (item);                                                                            \
        *sp_item_->link = sp_item_->next;                                                                              \
        if (sp_item_->next)                                                                                            \
            sp_item_->next->link = sp_item_->link;                                                                     \
        sp_item_->next = NULL;                                                                                         \
        sp_item_->link = NULL;                                                                                         \
    } while (0)

#endif
