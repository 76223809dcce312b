#define _GNU_SOURCE
#include "elf.h"

#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <string.h>

struct wanted {
    const char *name;
    void *found;
};

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static int starts_with(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}

static int is_libc(const char *path) {
    const char *file = base_name(path);
    return starts_with(file, "libc.so") || starts_with(file, "libc-2.") ||
           starts_with(file, "libdl.so") || starts_with(file, "libdl-2.") ||
           starts_with(file, "ld-musl-") || starts_with(file, "libc.musl-");
}

/* The loader has made these entries absolute in glibc, and left them relative in musl. */
static const void *address(const struct dl_phdr_info *object, ElfW(Addr) value) {
    return (const void *)(value < object->dlpi_addr ? value + object->dlpi_addr : value);
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
            strcmp(strings + symbol->st_name, name) == 0) {
            return symbol;
        }
        if (other & 1) return NULL;
    }
}

static const ElfW(Sym) *by_sysv_hash(const uint32_t *table, const ElfW(Sym) *symbols,
                                     const char *strings, const char *name) {
    for (uint32_t index = 1; index < table[1]; index++) {
        const ElfW(Sym) *symbol = &symbols[index];
        if (symbol->st_shndx != SHN_UNDEF && strcmp(strings + symbol->st_name, name) == 0) {
            return symbol;
        }
    }
    return NULL;
}

static int visit(struct dl_phdr_info *object, size_t size, void *data) {
    (void)size;
    struct wanted *wanted = data;
    if (!object->dlpi_name || !is_libc(object->dlpi_name)) return 0;
    const ElfW(Dyn) *entry = NULL;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        if (object->dlpi_phdr[i].p_type == PT_DYNAMIC) {
            entry = (const void *)(object->dlpi_addr + object->dlpi_phdr[i].p_vaddr);
        }
    }
    const void *gnu = NULL, *sysv = NULL, *symbols = NULL, *strings = NULL;
    for (; entry && entry->d_tag != DT_NULL; entry++) {
        const void *at = address(object, entry->d_un.d_ptr);
        if (entry->d_tag == DT_GNU_HASH) gnu = at;
        if (entry->d_tag == DT_HASH) sysv = at;
        if (entry->d_tag == DT_SYMTAB) symbols = at;
        if (entry->d_tag == DT_STRTAB) strings = at;
    }
    if (!symbols || !strings || (!gnu && !sysv)) return 0;
    const ElfW(Sym) *symbol = gnu ? by_gnu_hash(gnu, symbols, strings, wanted->name)
                                  : by_sysv_hash(sysv, symbols, strings, wanted->name);
    if (!symbol || ELF64_ST_TYPE(symbol->st_info) != STT_FUNC) return 0;
    wanted->found = (void *)(object->dlpi_addr + symbol->st_value);
    return 1;
}

void *elf_libc_function(const char *name) {
    struct wanted wanted = {.name = name};
    dl_iterate_phdr(visit, &wanted);
    return wanted.found;
}
