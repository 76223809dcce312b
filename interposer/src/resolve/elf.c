/* Nothing of libc is called here but getauxval: this runs whenever some library asks for dlsym, which
 * sanitizers and allocators do before their own strcmp or dl_iterate_phdr may be called. */
#define _GNU_SOURCE
#include "elf.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>

extern struct r_debug _r_debug __attribute__((weak)); /* glibc's loader has it, musl's has not */

static const char *base_name(const char *path) {
    const char *base = path;
    for (; *path; path++) {
        if (*path == '/') base = path + 1;
    }
    return base;
}

static bool starts_with(const char *text, const char *start) {
    while (*start && *text == *start) text++, start++;
    return !*start;
}

static bool same(const char *one, const char *other) {
    while (*one && *one == *other) one++, other++;
    return *one == *other;
}

static bool is_libc(const char *path) {
    const char *file = base_name(path);
    return starts_with(file, "libc.so") || starts_with(file, "libc-2.") ||
           starts_with(file, "libdl.so") || starts_with(file, "libdl-2.") ||
           starts_with(file, "ld-musl-") || starts_with(file, "libc.musl-");
}

/* The loader has made these entries absolute in glibc, and left them relative in musl. */
static const void *address(const struct link_map *object, ElfW(Addr) value) {
    return (const void *)(value < object->l_addr ? value + object->l_addr : value);
}

static uint32_t gnu_hash(const char *name) {
    uint32_t hash = 5381;
    for (; *name; name++) hash = hash * 33 + (unsigned char)*name;
    return hash;
}

static const ElfW(Sym) *by_gnu_hash(const uint32_t *table, const ElfW(Sym) *symbols,
                                    const char *strings, const char *name) {
    uint32_t buckets = table[0], first = table[1], words = table[2], hash = gnu_hash(name);
    const uint32_t *bucket = table + 4 + words * (sizeof(ElfW(Addr)) / 4);
    const uint32_t *chain = bucket + buckets;
    uint32_t index = buckets ? bucket[hash % buckets] : 0;
    if (index < first) return NULL;
    for (;; index++) {
        uint32_t other = chain[index - first];
        const ElfW(Sym) *symbol = &symbols[index];
        if ((other | 1) == (hash | 1) && symbol->st_shndx != SHN_UNDEF &&
            same(strings + symbol->st_name, name)) {
            return symbol;
        }
        if (other & 1) return NULL;
    }
}

static const ElfW(Sym) *by_sysv_hash(const uint32_t *table, const ElfW(Sym) *symbols,
                                     const char *strings, const char *name) {
    for (uint32_t index = 1; index < table[1]; index++) {
        const ElfW(Sym) *symbol = &symbols[index];
        if (symbol->st_shndx != SHN_UNDEF && same(strings + symbol->st_name, name)) {
            return symbol;
        }
    }
    return NULL;
}

static void *find(const struct link_map *object, const char *name) {
    const void *gnu = NULL, *sysv = NULL, *symbols = NULL, *strings = NULL;
    for (const ElfW(Dyn) *entry = object->l_ld; entry && entry->d_tag != DT_NULL; entry++) {
        const void *at = address(object, entry->d_un.d_ptr);
        if (entry->d_tag == DT_GNU_HASH) gnu = at;
        if (entry->d_tag == DT_HASH) sysv = at;
        if (entry->d_tag == DT_SYMTAB) symbols = at;
        if (entry->d_tag == DT_STRTAB) strings = at;
    }
    if (!symbols || !strings || (!gnu && !sysv)) return NULL;
    const ElfW(Sym) *symbol = gnu ? by_gnu_hash(gnu, symbols, strings, name)
                                  : by_sysv_hash(sysv, symbols, strings, name);
    if (!symbol || ELF64_ST_TYPE(symbol->st_info) != STT_FUNC) return NULL;
    return (void *)(object->l_addr + symbol->st_value);
}

/* Through the program's own DT_DEBUG entry, which every loader fills for debuggers. */
static const struct r_debug *debug_of_program(void) {
    const ElfW(Phdr) *headers = (const void *)getauxval(AT_PHDR);
    unsigned long count = getauxval(AT_PHNUM);
    ElfW(Addr) base = 0;
    const ElfW(Dyn) *entry = NULL;
    for (unsigned long i = 0; headers && i < count; i++) {
        if (headers[i].p_type == PT_PHDR) base = (ElfW(Addr))headers - headers[i].p_vaddr;
    }
    for (unsigned long i = 0; headers && i < count; i++) {
        if (headers[i].p_type == PT_DYNAMIC) entry = (const void *)(base + headers[i].p_vaddr);
    }
    for (; entry && entry->d_tag != DT_NULL; entry++) {
        if (entry->d_tag == DT_DEBUG) return (const void *)entry->d_un.d_ptr;
    }
    return NULL;
}

void *elf_libc_function(const char *name) {
    const struct r_debug *debug = &_r_debug ? &_r_debug : debug_of_program();
    void *found = NULL;
    for (const struct link_map *object = debug ? debug->r_map : NULL; object && !found;
         object = object->l_next) {
        if (object->l_name && is_libc(object->l_name)) found = find(object, name);
    }
    return found;
}
