/* What a power cut takes back, and a disk that is full: preloaded into a process (LD_PRELOAD) by the tests.

   Below the folder POWER_ROOT only what was flushed counts as being on disk. fsync or fdatasync of a file copies its
   bytes to the folder POWER_DISK, under a name made of its number and its birth; fsync of a folder writes down there
   which names it holds, and which file or folder each of them means. Nothing else reaches that folder: neither bytes
   that were written and not flushed, nor files that were made, renamed or removed in a folder that was not flushed
   since. (A real disk may keep more of it; a process that is killed keeps all of it.)

   After power_fill(1) every write to a file below POWER_ROOT fails with ENOSPC, as on a disk without room. */

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static volatile int is_full;

void power_fill(int full) { is_full = full; }

/* Whether a descriptor is of something below POWER_ROOT. */
static int is_ours(int fd) {
    const char *root = getenv("POWER_ROOT");
    char link[64], path[PATH_MAX];
    if (!root) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    size_t n = strlen(root);
    return !strncmp(path, root, n) && (path[n] == '/' || path[n] == 0);
}

/* The name under which POWER_DISK keeps a file or folder: numbers are given again, births are not. */
static int name_of(int at, const char *name, int flags, char *out, size_t size) {
    struct statx found;
    if (statx(at, name, flags | AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME, &found)) return -1;
    snprintf(out, size, "%c-%llu-%lld-%u", S_ISDIR(found.stx_mode) ? 'd' : 'f', (unsigned long long)found.stx_ino,
             (long long)found.stx_btime.tv_sec, found.stx_btime.tv_nsec);
    return 0;
}

/* Open a file in POWER_DISK to be written beside its place; kept() renames it there. */
static int open_beside(const char *name, char *partial, char *final) {
    const char *disk = getenv("POWER_DISK");
    if (!disk) return -1;
    snprintf(final, PATH_MAX, "%s/%s", disk, name);
    snprintf(partial, PATH_MAX, "%s/.%s.%d.%lx", disk, name, (int)getpid(), (unsigned long)pthread_self());
    return open(partial, O_WRONLY | O_CREAT | O_TRUNC, 0600);
}

static int keep_bytes(int fd, const char *name) {
    char partial[PATH_MAX], final[PATH_MAX], block[1 << 16];
    char again[64];
    snprintf(again, sizeof again, "/proc/self/fd/%d", fd);
    int in = open(again, O_RDONLY), out = open_beside(name, partial, final);
    if (in < 0 || out < 0) return -1;
    ssize_t n;
    while ((n = read(in, block, sizeof block)) > 0)
        if (write(out, block, n) != n) return -1;
    close(in);
    close(out);
    return rename(partial, final);
}

static int keep_names(int fd, const char *name) {
    char partial[PATH_MAX], final[PATH_MAX], line[NAME_MAX + 100], meant[96];
    int out = open_beside(name, partial, final), again = openat(fd, ".", O_RDONLY | O_DIRECTORY);
    DIR *folder = again < 0 ? NULL : fdopendir(again);
    if (out < 0 || !folder) return -1;
    for (struct dirent *each; (each = readdir(folder));) {
        if (!strcmp(each->d_name, ".") || !strcmp(each->d_name, "..")) continue;
        if (name_of(fd, each->d_name, 0, meant, sizeof meant)) continue;
        int length = snprintf(line, sizeof line, "%s\t%s\n", meant, each->d_name);
        if (write(out, line, length) != length) return -1;
    }
    closedir(folder);
    close(out);
    return rename(partial, final);
}

static int flushed(int fd, int result) {
    char name[96];
    int before = errno;
    if (!result && is_ours(fd) && !name_of(fd, "", AT_EMPTY_PATH, name, sizeof name) &&
        (name[0] == 'd' ? keep_names(fd, name) : keep_bytes(fd, name))) {
        perror("power.c");
        abort();
    }
    errno = before;
    return result;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int fsync(int fd) { return flushed(fd, REAL(fsync)(fd)); }

int fdatasync(int fd) { return flushed(fd, REAL(fdatasync)(fd)); }

static int has_no_room(int fd) {
    if (!is_full || !is_ours(fd)) return 0;
    errno = ENOSPC;
    return 1;
}

ssize_t write(int fd, const void *data, size_t size) { return has_no_room(fd) ? -1 : REAL(write)(fd, data, size); }

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    return has_no_room(fd) ? -1 : REAL(pwrite)(fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    return has_no_room(fd) ? -1 : REAL(pwrite64)(fd, data, size, at);
}

ssize_t writev(int fd, const struct iovec *parts, int n) { return has_no_room(fd) ? -1 : REAL(writev)(fd, parts, n); }
