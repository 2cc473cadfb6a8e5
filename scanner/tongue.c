/* The languages that the scanner can judge, one row each. Any thread; tables only. */
#include "scanner/tongue.h"

#include "proto/language.h"
#include "scanner/lex_python.h"
#include "scanner/lex_text.h"
#include "scanner/python_modules.h"
#include "scanner/resolve_python.h"
#include "scanner/source.h"
#include "scanner/tongue_python.h"

/* A statement to the compiler; what it loads besides holds a few numbers. */
static const char *const python_harmless[] = {"__future__", NULL};

static const struct sp_tongue tongues[] = {
    {
        .language = SP_LANGUAGE_PYTHON,
        .lex = sp_lex_python,
        .resolve = sp_resolve_python,
        .shares = true,
        .twin = sp_python_modules_twin,
        .covers = sp_python_modules_cover,
        .harmless = python_harmless,
        .literal = &sp_tongue_python_literal,
        .module_form = sp_tongue_python_module_form,
        .module_refusal = sp_tongue_python_module_refusal,
        .encoding = sp_source_python_encoding,
    },
    {
        .language = SP_LANGUAGE_TEXT,
        .prose = true,
        .lex = sp_lex_text,
    },
};

const struct sp_tongue *sp_tongue_find(int language)
{
    for (size_t i = 0; i < sizeof(tongues) / sizeof(tongues[0]); i++)
        if (tongues[i].language == language)
            return &tongues[i];
    return NULL;
}
