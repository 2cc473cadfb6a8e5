/* Finding our own control group: the mount of a hierarchy and our place in it, from /proc/self/mountinfo and
 * /proc/self/cgroup. Runs once in the spawner's start. Both files are the kernel's, so they are read plainly. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proto/scope.h"
#include "runtimes/cgroup.h"

static bool lists(const char *list, const char *word)
{
    for (size_t n; *list; list += n + (list[n] == ',')) {
        n = strcspn(list, ",");
        if (n == strlen(word) && memcmp(list, word, n) == 0)
            return true;
    }
    return false;
}

/* Our path in the hierarchy: a line "4:memory:/a/b", on v2 "0::/a/b". */
static bool find_path(const char *file, const char *option, char path[PATH_MAX])
{
    sp_cleanup(sp_close_file) FILE *stream = fopen(file, "re");
    char line[PATH_MAX + 128];
    while (stream && fgets(line, sizeof line, stream)) {
        line[strcspn(line, "\n")] = 0;
        char *controllers = strchr(line, ':');
        char *where = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!where)
            continue;
        *controllers++ = 0;
        *where++ = 0;
        if (option ? lists(controllers, option) : *controllers == 0) {
            snprintf(path, PATH_MAX, "%.*s", PATH_MAX - 1, where);
            return true;
        }
    }
    return false;
}

/* The mount point and the part of the hierarchy that it shows. Fields: id parent dev root point options … - type source
 * super-options. */
static bool find_mount(
    const char *file, const char *type, const char *option, char point[PATH_MAX], char root[PATH_MAX])
{
    sp_cleanup(sp_close_file) FILE *stream = fopen(file, "re");
    char line[3 * PATH_MAX];
    while (stream && fgets(line, sizeof line, stream)) {
        char super_type[64], super[512];
        const char *dash = strstr(line, " - ");
        if (!dash || sscanf(line, "%*s %*s %*s %4095s %4095s", root, point) != 2)
            continue;
        if (sscanf(dash, " - %63s %*s %511s", super_type, super) != 2 || strcmp(super_type, type) != 0)
            continue;
        if (!option || lists(super, option))
            return true;
    }
    return false;
}

int sp_cgroup_open_own(const struct sp_cgroup_paths *paths, const char *type, const char *option)
{
    char path[PATH_MAX], point[PATH_MAX], root[PATH_MAX], whole[2 * PATH_MAX];
    if (!find_path(paths->own_cgroups, option, path) || !find_mount(paths->mounts, type, option, point, root))
        return -1;
    /* In a container the mount may show only our part of the hierarchy. */
    const char *below = path;
    size_t n_root = strlen(root);
    if (strcmp(root, "/") != 0)
        below = strncmp(path, root, n_root) == 0 ? path + n_root : "";
    snprintf(whole, sizeof whole, "%s/%s", point, below);
    int folder = open(whole, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0 && faccessat(folder, ".", W_OK, AT_EACCESS) < 0) {
        close(folder);
        return -1;
    }
    return folder;
}
