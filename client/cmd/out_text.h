#ifndef SP_CLIENT_OUT_TEXT_H
#define SP_CLIENT_OUT_TEXT_H

/* Answers for people: texts, and verdicts as compilers print: place, severity, what it is, the line with a caret below it. */

#include <stdbool.h>
#include <stdio.h>

#include "client/sallyport.h"
#include "proto/str.h"

enum sp_colour_choice { SP_COLOUR_AUTO, SP_COLOUR_ALWAYS, SP_COLOUR_NEVER };

/* Colours on this file: with AUTO where it is a terminal that has some and NO_COLOR is not set. */
bool sp_out_text_colours(FILE *file, enum sp_colour_choice choice);

/* Text or bytes at a path of an answer, borrowed from it; ptr NULL where there is none. */
struct sp_str sp_out_text_of(const sallyport_value *value, const char *path);
/* The same in one line, escaped. */
void sp_out_text_print(FILE *file, const sallyport_value *value, const char *path);

/* All findings of a verdict. path: as the user said it. source: what was judged; absent: no lines are shown. */
void sp_out_text_verdict(
    FILE *file, bool colours, struct sp_str path, struct sp_str source, const sallyport_value *verdict);

/* One finding. one_of_many: other policies judged too, so it says which one it is from. */
void sp_out_text_finding(FILE *file, bool colours, struct sp_str path, struct sp_str source,
    const sallyport_value *finding, bool one_of_many);

/* "path: error: text", or "path:line:column: error: text". */
void sp_out_text_error(FILE *file, bool colours, struct sp_str path, unsigned line, unsigned column, const char *text);

#endif
