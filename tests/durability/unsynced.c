/* Remembers how to take back what a program wrote but never synced.
 *
 * Loaded with LD_PRELOAD. kill -9 ends a process but leaves everything that it wrote in the kernel's cache,
 * so it proves nothing about power loss. This library journals, before each change to a file under
 * UNSYNCED_DIR, what was there before, and marks which changes an fsync has made safe. After the kill,
 * unsynced.mjs takes back every change that nothing made safe: that is the disk after a power cut.
 *
 * A record is one write to the journal, and it is made before the change itself: a record without its change
 * takes back nothing, a change without its record cannot be. A record's number is its place in the journal.
 * Marks are made after the sync returned, and cover what was written before it began.
 *
 * Names are as mortal as contents: a file that was created, renamed or removed is so for good only when its
 * directory was synced. SQLite's -shm files are left out: they are mapped memory, and rebuilt at the next start.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct record {
    uint32_t magic;      /* 'UNSY' */
    uint32_t type;       /* one letter, below */
    uint64_t inode;
    uint64_t offset;     /* where the change begins; for T and F the new size */
    uint64_t size;       /* the file's size before */
    uint64_t upto;       /* S, D: records before this place are safe */
    uint32_t lengths[4]; /* path, second path, bytes before, bytes after */
};
/* W write, T truncate, F allocate, S file synced, D directory synced,
 * C create, U unlink, R rename, M mkdir, X rmdir, ! a change this library cannot follow */

static char root[PATH_MAX], side[PATH_MAX];
static size_t root_length;
static int journal = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static ino_t *inodes;
static size_t inode_count;

#define REAL(result, name, ...)                                                                                \
    static result (*real_##name)(__VA_ARGS__);
REAL(ssize_t, write, int, const void *, size_t)
REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t)
REAL(ssize_t, writev, int, const struct iovec *, int)
REAL(ssize_t, pwritev64, int, const struct iovec *, int, off64_t)
REAL(int, openat64, int, const char *, int, ...)
REAL(int, ftruncate64, int, off64_t)
REAL(int, fallocate64, int, int, off64_t, off64_t)
REAL(int, fsync, int)
REAL(int, fdatasync, int)
REAL(int, unlinkat, int, const char *, int)
REAL(int, renameat2, int, const char *, int, const char *, unsigned)
REAL(int, mkdirat, int, const char *, mode_t)
REAL(int, linkat, int, const char *, int, const char *, int)
REAL(int, symlinkat, const char *, int, const char *)
REAL(void *, mmap64, void *, size_t, int, int, int, off64_t)
REAL(ssize_t, copy_file_range, int, off64_t *, int, off64_t *, size_t, unsigned)
REAL(ssize_t, sendfile64, int, int, off64_t *, size_t)

static void fail(const char *what)
{
    dprintf(2, "unsynced: %s: %s\n", what, strerror(errno));
    abort();
}

static void start(void)
{
#define FIND(name)                                                                                             \
    if (!(real_##name = dlsym(RTLD_NEXT, #name)))                                                              \
        fail("no " #name);
    FIND(write) FIND(pwrite64) FIND(writev) FIND(pwritev64) FIND(openat64) FIND(ftruncate64) FIND(fallocate64)
    FIND(fsync) FIND(fdatasync) FIND(unlinkat) FIND(renameat2) FIND(mkdirat) FIND(linkat) FIND(symlinkat)
    FIND(mmap64) FIND(copy_file_range) FIND(sendfile64)
    const char *dir = getenv("UNSYNCED_DIR"), *to = getenv("UNSYNCED_JOURNAL"), *beside = getenv("UNSYNCED_SIDE");
    if (!dir || !to || !beside)
        return;
    if (!realpath(dir, root) || !realpath(beside, side))
        fail("UNSYNCED_DIR and UNSYNCED_SIDE must exist");
    root_length = strlen(root);
    int fd = real_openat64(AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    /* Out of the way of a program that was started with a standard stream closed. */
    journal = fd < 0 ? fd : fcntl(fd, F_DUPFD_CLOEXEC, 200);
    if (journal < 0)
        fail("cannot open UNSYNCED_JOURNAL");
    close(fd);
}

static int on(void)
{
    pthread_once(&once, start);
    return journal >= 0;
}

static uint64_t place(void)
{
    return (uint64_t)lseek64(journal, 0, SEEK_END);
}

static void append(char type, ino_t inode, uint64_t offset, uint64_t size, uint64_t upto, const char *path,
                   const char *path2, const void *before, size_t before_length, const void *after,
                   size_t after_length)
{
    struct record head = {.magic = 0x59534e55, .type = (uint32_t)type, .inode = inode, .offset = offset,
                          .size = size, .upto = upto,
                          .lengths = {path ? strlen(path) : 0, path2 ? strlen(path2) : 0,
                                      (uint32_t)before_length, (uint32_t)after_length}};
    struct iovec parts[5] = {{&head, sizeof head}, {(void *)path, head.lengths[0]},
                             {(void *)path2, head.lengths[1]}, {(void *)before, before_length},
                             {(void *)after, after_length}};
    size_t whole = sizeof head + head.lengths[0] + head.lengths[1] + before_length + after_length;
    if (real_writev(journal, parts, 5) != (ssize_t)whole)
        fail("cannot write the journal");
}

/* Names. Every path is made absolute and free of links; 0 when it lies outside the watched directory. */

static int ends_with(const char *text, const char *end)
{
    size_t a = strlen(text), b = strlen(end);
    return a >= b && !strcmp(text + a - b, end);
}

static int inside(const char *path)
{
    return !strncmp(path, root, root_length) && path[root_length] == '/' && !ends_with(path, "-shm");
}

static int resolve(int dirfd, const char *path, char *out)
{
    char joined[PATH_MAX * 2], link[64];
    if (path[0] == '/' || dirfd == AT_FDCWD) {
        snprintf(joined, sizeof joined, "%s", path);
    } else {
        char dir[PATH_MAX];
        snprintf(link, sizeof link, "/proc/self/fd/%d", dirfd);
        ssize_t n = readlink(link, dir, sizeof dir - 1);
        if (n < 0)
            return 0;
        dir[n] = 0;
        snprintf(joined, sizeof joined, "%s/%s", dir, path);
    }
    size_t n = strlen(joined);
    while (n > 1 && joined[n - 1] == '/')
        joined[--n] = 0;
    char *slash = strrchr(joined, '/'), parent[PATH_MAX];
    const char *name = slash ? slash + 1 : joined;
    if (slash)
        *slash = 0;
    if (!realpath(slash ? (slash == joined ? "/" : joined) : ".", parent))
        return 0;
    return snprintf(out, PATH_MAX, "%s/%s", parent, name) < PATH_MAX && inside(out);
}

static const char *relative(const char *path)
{
    return path[root_length] ? path + root_length + 1 : "";
}

/* Contents. A descriptor is recognised by its inode, so copies of it need no care. */

static void remember(int fd)
{
    struct stat st;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode))
        return;
    for (size_t i = 0; i < inode_count; i++)
        if (inodes[i] == st.st_ino)
            return;
    inodes = realloc(inodes, (inode_count + 1) * sizeof *inodes);
    if (!inodes)
        fail("out of memory");
    inodes[inode_count++] = st.st_ino;
}

/* Called with the lock held. */
static int watched(int fd, struct stat *st)
{
    if (fstat(fd, st) || !S_ISREG(st->st_mode))
        return 0;
    for (size_t i = 0; i < inode_count; i++)
        if (inodes[i] == st->st_ino)
            return 1;
    return 0;
}

static void *read_back(int fd, uint64_t offset, size_t length)
{
    char *bytes = malloc(length ? length : 1), own[64];
    if (!bytes)
        fail("out of memory");
    /* The descriptor may be for writing only. */
    snprintf(own, sizeof own, "/proc/self/fd/%d", fd);
    int in = real_openat64(AT_FDCWD, own, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        fail("cannot read what is about to change");
    for (size_t done = 0; done < length;) {
        ssize_t n = pread64(in, bytes + done, length - done, (off64_t)(offset + done));
        if (n <= 0)
            fail("cannot read what is about to change");
        done += (size_t)n;
    }
    close(in);
    return bytes;
}

static void before_write(int fd, const struct stat *st, const void *data, size_t length, uint64_t offset)
{
    uint64_t size = (uint64_t)st->st_size;
    size_t kept = offset < size ? (size - offset < length ? size - offset : length) : 0;
    void *old = read_back(fd, offset, kept);
    append('W', st->st_ino, offset, size, 0, 0, 0, old, kept, data, length);
    free(old);
}

static void before_truncate(int fd, const struct stat *st, uint64_t to)
{
    uint64_t size = (uint64_t)st->st_size;
    size_t kept = to < size ? size - to : 0;
    void *old = read_back(fd, to, kept);
    append('T', st->st_ino, to, size, 0, 0, 0, old, kept, 0, 0);
    free(old);
}

static uint64_t position(int fd, const struct stat *st)
{
    return fcntl(fd, F_GETFL) & O_APPEND ? (uint64_t)st->st_size : (uint64_t)lseek64(fd, 0, SEEK_CUR);
}

ssize_t write(int fd, const void *data, size_t length)
{
    struct stat st;
    if (!on() || fd == journal)
        return real_write(fd, data, length);
    pthread_mutex_lock(&lock);
    ssize_t n;
    if (watched(fd, &st)) {
        before_write(fd, &st, data, length, position(fd, &st));
        n = real_write(fd, data, length);
        pthread_mutex_unlock(&lock);
    } else {
        pthread_mutex_unlock(&lock); /* a pipe or socket may block */
        n = real_write(fd, data, length);
    }
    return n;
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset)
{
    struct stat st;
    if (!on())
        return real_pwrite64(fd, data, length, offset);
    pthread_mutex_lock(&lock);
    if (watched(fd, &st))
        before_write(fd, &st, data, length, (uint64_t)offset);
    ssize_t n = real_pwrite64(fd, data, length, offset);
    pthread_mutex_unlock(&lock);
    return n;
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset)
{
    return pwrite64(fd, data, length, offset);
}

static void *flatten(const struct iovec *parts, int count, size_t *length)
{
    *length = 0;
    for (int i = 0; i < count; i++)
        *length += parts[i].iov_len;
    char *all = malloc(*length ? *length : 1), *to = all;
    if (!all)
        fail("out of memory");
    for (int i = 0; i < count; to += parts[i++].iov_len)
        memcpy(to, parts[i].iov_base, parts[i].iov_len);
    return all;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    struct stat st;
    if (!on())
        return real_writev(fd, parts, count);
    pthread_mutex_lock(&lock);
    int mine = watched(fd, &st);
    pthread_mutex_unlock(&lock);
    if (!mine)
        return real_writev(fd, parts, count);
    size_t length;
    void *all = flatten(parts, count, &length);
    ssize_t n = write(fd, all, length);
    free(all);
    return n;
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset)
{
    struct stat st;
    if (!on())
        return real_pwritev64(fd, parts, count, offset);
    pthread_mutex_lock(&lock);
    int mine = watched(fd, &st);
    pthread_mutex_unlock(&lock);
    if (!mine)
        return real_pwritev64(fd, parts, count, offset);
    size_t length;
    void *all = flatten(parts, count, &length);
    ssize_t n = pwrite64(fd, all, length, offset);
    free(all);
    return n;
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
    return pwritev64(fd, parts, count, offset);
}

int ftruncate64(int fd, off64_t length)
{
    struct stat st;
    if (!on())
        return real_ftruncate64(fd, length);
    pthread_mutex_lock(&lock);
    if (watched(fd, &st))
        before_truncate(fd, &st, (uint64_t)length);
    int result = real_ftruncate64(fd, length);
    pthread_mutex_unlock(&lock);
    return result;
}

int ftruncate(int fd, off_t length)
{
    return ftruncate64(fd, length);
}

int fallocate64(int fd, int mode, off64_t offset, off64_t length)
{
    struct stat st;
    if (!on())
        return real_fallocate64(fd, mode, offset, length);
    pthread_mutex_lock(&lock);
    if (watched(fd, &st)) {
        if (mode & ~FALLOC_FL_KEEP_SIZE)
            append('!', st.st_ino, 0, 0, 0, "fallocate with a hole", 0, 0, 0, 0, 0);
        else if (!mode && offset + length > st.st_size)
            append('F', st.st_ino, (uint64_t)(offset + length), (uint64_t)st.st_size, 0, 0, 0, 0, 0, 0, 0);
    }
    int result = real_fallocate64(fd, mode, offset, length);
    pthread_mutex_unlock(&lock);
    return result;
}

int fallocate(int fd, int mode, off_t offset, off_t length)
{
    return fallocate64(fd, mode, offset, length);
}

int posix_fallocate64(int fd, off64_t offset, off64_t length)
{
    return fallocate64(fd, 0, offset, length) ? errno : 0;
}

int posix_fallocate(int fd, off_t offset, off_t length)
{
    return posix_fallocate64(fd, offset, length);
}

/* Callers fall back to reading and writing, which can be followed. */
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t length, unsigned flags)
{
    if (!on())
        return real_copy_file_range(in, from, out, to, length, flags);
    errno = ENOSYS;
    return -1;
}

ssize_t sendfile64(int out, int in, off64_t *from, size_t length)
{
    struct stat st;
    if (on()) {
        pthread_mutex_lock(&lock);
        int mine = watched(out, &st);
        pthread_mutex_unlock(&lock);
        if (mine) {
            errno = EINVAL;
            return -1;
        }
    }
    return real_sendfile64(out, in, from, length);
}

ssize_t sendfile(int out, int in, off_t *from, size_t length)
{
    return sendfile64(out, in, from, length);
}

void *mmap64(void *at, size_t length, int protection, int flags, int fd, off64_t offset)
{
    struct stat st;
    if (on() && fd >= 0 && (flags & MAP_SHARED) && (protection & PROT_WRITE)) {
        pthread_mutex_lock(&lock);
        if (watched(fd, &st))
            append('!', st.st_ino, 0, 0, 0, "mapped for writing", 0, 0, 0, 0, 0);
        pthread_mutex_unlock(&lock);
    }
    return real_mmap64(at, length, protection, flags, fd, offset);
}

void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset)
{
    return mmap64(at, length, protection, flags, fd, offset);
}

/* The place of an open file or directory below the watched one, and 0 when it has none there. */
static int below(int fd, char *path)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, PATH_MAX - 1);
    path[n < 0 ? 0 : n] = 0;
    return n > 0 && (!strcmp(path, root) || inside(path));
}

static int sync_with(int (*real)(int), int fd)
{
    struct stat st = {0};
    char path[PATH_MAX];
    pthread_mutex_lock(&lock);
    uint64_t upto = place();
    int file = watched(fd, &st);
    pthread_mutex_unlock(&lock);
    int result = real(fd);
    if (result)
        return result;
    int named = below(fd, path);
    pthread_mutex_lock(&lock);
    if (file || (named && S_ISREG(st.st_mode)))
        append('S', st.st_ino, 0, 0, upto, 0, 0, 0, 0, 0, 0);
    else if (named && S_ISDIR(st.st_mode))
        append('D', 0, 0, 0, upto, relative(path), 0, 0, 0, 0, 0);
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int fd)
{
    return on() ? sync_with(real_fsync, fd) : real_fsync(fd);
}

int fdatasync(int fd)
{
    return on() ? sync_with(real_fdatasync, fd) : real_fdatasync(fd);
}

/* Names change. */

static int open_at(int dirfd, const char *path, int flags, mode_t mode)
{
    char full[PATH_MAX];
    struct stat st;
    if (!on() || !((flags & O_ACCMODE) || (flags & (O_CREAT | O_TRUNC))) || !resolve(dirfd, path, full))
        return real_openat64(dirfd, path, flags, mode);
    pthread_mutex_lock(&lock);
    if ((flags & O_TMPFILE) == O_TMPFILE) {
        append('!', 0, 0, 0, 0, "a file without a name", 0, 0, 0, 0, 0);
    } else if (fstatat(dirfd, path, &st, 0)) {
        if (flags & O_CREAT)
            append('C', 0, 0, 0, 0, relative(full), 0, 0, 0, 0, 0);
    } else if ((flags & O_TRUNC) && !((flags & O_CREAT) && (flags & O_EXCL)) && st.st_size > 0) {
        int in = real_openat64(dirfd, path, O_RDONLY | O_CLOEXEC);
        if (in >= 0) {
            before_truncate(in, &st, 0);
            close(in);
        }
    }
    int fd = real_openat64(dirfd, path, flags, mode);
    int error = errno;
    if (fd >= 0)
        remember(fd);
    pthread_mutex_unlock(&lock);
    errno = error;
    return fd;
}

#define MODE(flags)                                                                                            \
    mode_t mode = 0;                                                                                           \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                                     \
        va_list more;                                                                                          \
        va_start(more, flags);                                                                                 \
        mode = va_arg(more, mode_t);                                                                           \
        va_end(more);                                                                                          \
    }
int open(const char *path, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, path, flags, mode); }
int openat(int dirfd, const char *path, int flags, ...) { MODE(flags) return open_at(dirfd, path, flags, mode); }
int openat64(int dirfd, const char *path, int flags, ...) { MODE(flags) return open_at(dirfd, path, flags, mode); }
int creat(const char *path, mode_t mode) { return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

int truncate64(const char *path, off64_t length)
{
    int fd = open_at(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int result = ftruncate64(fd, length);
    close(fd);
    return result;
}

int truncate(const char *path, off_t length) { return truncate64(path, length); }

/* Keeps a second name of a file that is about to lose its own, under the number of the record to come. */
static void keep(int dirfd, const char *path)
{
    struct stat st;
    char beside[PATH_MAX + 32];
    if (fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
        return;
    snprintf(beside, sizeof beside, "%s/%llu", side, (unsigned long long)place());
    if (real_linkat(dirfd, path, AT_FDCWD, beside, 0))
        fail("cannot keep a removed file");
}

int unlinkat(int dirfd, const char *path, int flags)
{
    char full[PATH_MAX];
    if (!on() || !resolve(dirfd, path, full))
        return real_unlinkat(dirfd, path, flags);
    pthread_mutex_lock(&lock);
    if (!(flags & AT_REMOVEDIR))
        keep(dirfd, path);
    append(flags & AT_REMOVEDIR ? 'X' : 'U', 0, 0, 0, 0, relative(full), 0, 0, 0, 0, 0);
    int result = real_unlinkat(dirfd, path, flags);
    pthread_mutex_unlock(&lock);
    return result;
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
int remove(const char *path)
{
    int result = unlink(path);
    return result && errno == EISDIR ? rmdir(path) : result;
}

int renameat2(int olddir, const char *old, int newdir, const char *new, unsigned flags)
{
    char from[PATH_MAX], to[PATH_MAX];
    if (!on())
        return real_renameat2(olddir, old, newdir, new, flags);
    int a = resolve(olddir, old, from), b = resolve(newdir, new, to);
    if (!a && !b)
        return real_renameat2(olddir, old, newdir, new, flags);
    struct stat st = {0};
    fstatat(olddir, old, &st, AT_SYMLINK_NOFOLLOW);
    pthread_mutex_lock(&lock);
    if (!a || !b || (flags & ~RENAME_NOREPLACE)) {
        append('!', 0, 0, 0, 0, "renamed in or out of the directory", 0, 0, 0, 0, 0);
    } else {
        if (!flags)
            keep(newdir, new);
        append('R', st.st_ino, 0, 0, 0, relative(from), relative(to), 0, 0, 0, 0);
    }
    int result = real_renameat2(olddir, old, newdir, new, flags);
    pthread_mutex_unlock(&lock);
    return result;
}

int renameat(int olddir, const char *old, int newdir, const char *new)
{
    return renameat2(olddir, old, newdir, new, 0);
}

int rename(const char *old, const char *new) { return renameat2(AT_FDCWD, old, AT_FDCWD, new, 0); }

int mkdirat(int dirfd, const char *path, mode_t mode)
{
    char full[PATH_MAX];
    struct stat st;
    if (!on() || !resolve(dirfd, path, full) || !fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW))
        return real_mkdirat(dirfd, path, mode);
    pthread_mutex_lock(&lock);
    append('M', 0, 0, 0, 0, relative(full), 0, 0, 0, 0, 0);
    int result = real_mkdirat(dirfd, path, mode);
    pthread_mutex_unlock(&lock);
    return result;
}

int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int linkat(int olddir, const char *old, int newdir, const char *new, int flags)
{
    char full[PATH_MAX];
    struct stat st;
    if (!on() || !resolve(newdir, new, full) || !fstatat(newdir, new, &st, AT_SYMLINK_NOFOLLOW))
        return real_linkat(olddir, old, newdir, new, flags);
    pthread_mutex_lock(&lock);
    append('C', 0, 0, 0, 0, relative(full), 0, 0, 0, 0, 0);
    int result = real_linkat(olddir, old, newdir, new, flags);
    pthread_mutex_unlock(&lock);
    return result;
}

int link(const char *old, const char *new) { return linkat(AT_FDCWD, old, AT_FDCWD, new, 0); }

int symlinkat(const char *target, int newdir, const char *new)
{
    char full[PATH_MAX];
    struct stat st;
    if (on() && resolve(newdir, new, full) && fstatat(newdir, new, &st, AT_SYMLINK_NOFOLLOW)) {
        pthread_mutex_lock(&lock);
        append('C', 0, 0, 0, 0, relative(full), 0, 0, 0, 0, 0);
        pthread_mutex_unlock(&lock);
    }
    return real_symlinkat(target, newdir, new);
}

int symlink(const char *target, const char *new) { return symlinkat(target, AT_FDCWD, new); }
