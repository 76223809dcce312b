/* Finds a function in the objects that the loader has mapped, without asking the loader's dlsym:
 * ours has that name, so a reference to the real one would find ourselves. */
#ifndef TRANCHE_RESOLVE_ELF_H
#define TRANCHE_RESOLVE_ELF_H

/* The function `name` of libc (or of libdl, where that still has it); NULL if there is none. */
void *elf_libc_function(const char *name);

#endif
