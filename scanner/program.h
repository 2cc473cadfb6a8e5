#ifndef SP_SCANNER_PROGRAM_H
#define SP_SCANNER_PROGRAM_H

/* A program of several files, as a scan of one of them sees it. */

#include "scanner/scanner.h"

struct sp_share_view;

/* NULL: the file takes nothing from others. */
const struct sp_share_view *sp_program_view(const struct sp_program *program, size_t file);

/* How many walks over files it took to know what they give each other. */
uint32_t sp_program_walks(const struct sp_program *program);

#endif
