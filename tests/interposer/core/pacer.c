/* Programs that launch kernels on one simulated card, paced by the library's own core: a script on
 * stdin, one line each, and on stdout what each slice had of every 10 ms of the card, in ns.
 *
 *   card MULTIPROCESSORS
 *   slice PERCENT POLICY NEIGHBOURS
 *   program SLICE async|sync HOST_US KERNEL_US:BLOCKS…   in a loop; sync: waits for each round, then
 *                                                        works on the host for so long
 *   at MS SLICE WORD VALUE    percent, policy, neighbours, hold (for so many ms), word (paced_until),
 *                             soon (the same, in ms from now), surcharge
 *   run MS
 *   priced                    ns that the launches of each slice were priced at so far
 *
 * A kernel takes its time once for each full load of the card: one block per multiprocessor here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/backlog.h"
#include "core/pacer.h"
#include "core/prices.h"
#include "../fakes/timeline.h"

enum { MOST = 32, PENDING = 64 };
#define START 1000000000000ull

struct sample {
    struct price *price;
    uint64_t before, after, charged, place;
};

struct kernel {
    uint64_t ns, key;
};

struct program {
    int slice, sync;
    uint64_t host, wake; /* TIMELINE_NEVER: when something on the card ends */
    struct kernel kernels[16];
    unsigned count, next;
    int waited, waits_for_end;
    uint64_t charge; /* for the launch that waits; 0: not yet known */
    int known;
    struct pacer_balance balance;
    struct backlog backlog;
    struct prices *prices;
    struct sample samples[PENDING];
    unsigned pending;
};

struct order {
    uint64_t at, value;
    int slice;
    char word[16];
};

static struct timeline card;
static uint64_t multiprocessors = 132, now = START;
static struct tranche_region_card regions[MOST];
static struct tranche_limits_card limits[MOST];
static struct program programs[MOST];
static struct order orders[1024];
static int slices, program_count, order_count, members[MOST];

static void resolve(unsigned id) {
    struct program *p = &programs[id];
    struct pacer pacer = {&regions[p->slice], &limits[p->slice]};
    for (unsigned i = 0; i < p->pending;) {
        struct sample *s = &p->samples[i];
        if (!timeline_has_ended(&card, id, s->after)) {
            i++;
            continue;
        }
        uint64_t took = timeline_reached(&card, id, s->after) - timeline_reached(&card, id, s->before);
        took = took / 500 * 500; /* as cuEventElapsedTime has it */
        unsigned part = price_part(limits[p->slice].cores_percent, members[p->slice] > 1,
                                   limits[p->slice].neighbours);
        int64_t error = price_learn(s->price, took, s->charged, part);
        pacer_correct(&pacer, error, now);
        backlog_ended(&p->backlog, s->place);
        *s = p->samples[--p->pending];
    }
}

/* Launches until it must wait; until when. */
static uint64_t step(unsigned id) {
    struct program *p = &programs[id];
    struct pacer pacer = {&regions[p->slice], &limits[p->slice]};
    resolve(id);
    for (;;) {
        struct timeline_queue *queue = &card.queues[id];
        if (p->waits_for_end) {
            if (queue->ended < queue->queued) return TIMELINE_NEVER;
            p->waits_for_end = 0;
            if (p->host) return now + p->host;
        }
        if (queue->queued - queue->ended > TIMELINE_DEPTH - 3) return TIMELINE_NEVER;
        struct kernel *kernel = &p->kernels[p->next];
        struct price *price = prices_find(p->prices, kernel->key);
        int prices = pacer_prices(pacer.limits), free = pacer_is_free(pacer.limits);
        if (prices && free && backlog_is_deep(&p->backlog, now)) return now + BACKLOG_AGAIN;
        if (prices && !p->charge) {
            p->known = price->price != PRICE_UNKNOWN;
            unsigned first = free ? PRICE_FIRST_FREE : PRICE_FIRST;
            p->charge = p->known ? price->price : price_unknown(price, now, first);
            if (!p->charge) return now + 200000;
        }
        uint64_t charge = prices ? p->charge : 0, known = !prices || p->known;
        p->balance.sample = false;
        if (!charge || !pacer_has(pacer.limits, &p->balance, charge)) {
            int64_t had = p->balance.ns;
            uint64_t wake = pacer_take(&pacer, &p->balance, charge, now, p->waited);
            if (wake) {
                p->waited = 1;
                return wake < now + PACER_PIECE ? wake : now + PACER_PIECE;
            }
            p->waited = 0;
            if (prices) backlog_grows(&p->backlog, (uint64_t)(p->balance.ns + (int64_t)charge - had), charge);
        }
        int sampled = charge && (p->balance.sample || !known) && p->pending < PENDING;
        struct sample *s = &p->samples[p->pending];
        if (sampled) {
            uint64_t before = timeline_queue(&card, id, 0);
            *s = (struct sample){.price = price, .before = before, .charged = known ? charge : 0,
                                 .place = backlog_sampled(&p->backlog)};
        }
        timeline_queue(&card, id, kernel->ns);
        if (sampled) s->after = timeline_queue(&card, id, 0), p->pending++;
        p->charge = 0;
        p->next = (p->next + 1) % p->count;
        p->waits_for_end = p->sync && p->next == 0;
    }
}

static void obey_order(const struct order *order) {
    struct tranche_limits_card *of = &limits[order->slice];
    if (!strcmp(order->word, "percent")) of->cores_percent = (uint32_t)order->value;
    if (!strcmp(order->word, "policy")) of->cores_policy = (uint32_t)order->value;
    if (!strcmp(order->word, "neighbours")) of->neighbours = (uint32_t)order->value;
    if (!strcmp(order->word, "hold")) of->held_until = now + order->value * 1000000;
    if (!strcmp(order->word, "surcharge")) of->surcharge = (uint32_t)order->value;
    if (!strcmp(order->word, "word")) regions[order->slice].paced_until = order->value;
    if (!strcmp(order->word, "soon")) regions[order->slice].paced_until = now + order->value * 1000000;
}

static void run(uint64_t end) {
    uint64_t shown = now;
    while (now < end) {
        uint64_t next = shown + TIMELINE_TICK;
        int waiting = 0;
        for (int i = 0; i < program_count; i++) {
            if (programs[i].wake < next) next = programs[i].wake;
            waiting |= programs[i].wake == TIMELINE_NEVER || programs[i].pending;
        }
        for (int i = 0; i < order_count; i++) {
            if (orders[i].at > now && orders[i].at < next) next = orders[i].at;
        }
        uint64_t ends = waiting ? timeline_next(&card) : TIMELINE_NEVER;
        if (ends < next) next = ends;
        timeline_run(&card, next);
        uint64_t before = now;
        now = next;
        for (int i = 0; i < order_count; i++) {
            if (orders[i].at > before && orders[i].at <= now) obey_order(&orders[i]);
        }
        for (int i = 0; i < program_count; i++) {
            /* A launch polls for its samples only when it is made or waits for the bucket. */
            struct program *p = &programs[i];
            if (p->wake <= now || p->wake == TIMELINE_NEVER) p->wake = step((unsigned)i);
        }
        if (now < shown + TIMELINE_TICK) continue;
        uint64_t busy[MOST] = {0};
        for (int i = 0; i < program_count; i++) {
            busy[programs[i].slice] += card.busy[shown / TIMELINE_TICK % TIMELINE_TICKS][i];
        }
        for (int i = 0; i < slices; i++) printf("%llu ", (unsigned long long)busy[i]);
        printf("\n");
        shown += TIMELINE_TICK;
    }
}

static void add_program(char *rest) {
    struct program *p = &programs[program_count];
    p->slice = atoi(strtok(rest, " "));
    p->sync = !strcmp(strtok(NULL, " "), "sync");
    p->host = strtoull(strtok(NULL, " "), NULL, 10) * 1000;
    p->wake = now + (uint64_t)program_count * 7000;
    p->prices = calloc(1, sizeof *p->prices);
    p->balance.chance = (uint32_t)program_count * 77777;
    for (char *word; (word = strtok(NULL, " "));) {
        char *colon = strchr(word, ':');
        uint64_t ns = (uint64_t)(strtod(word, NULL) * 1000);
        uint64_t blocks = colon ? strtoull(colon + 1, NULL, 10) : 1;
        uint64_t loads = (blocks + multiprocessors - 1) / multiprocessors;
        p->kernels[p->count] = (struct kernel){ns * loads, price_key(p, ns, blocks, 0)};
        p->count++;
    }
    members[p->slice]++;
    program_count++;
}

int main(void) {
    static char line[4096];
    card.now = START;
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        struct order *order = &orders[order_count];
        struct tranche_limits_card *of = &limits[slices];
        if (sscanf(line, "card %lu", &multiprocessors) == 1) continue;
        if (sscanf(line, "slice %u %u %u", &of->cores_percent, &of->cores_policy, &of->neighbours) == 3) {
            slices++;
        }
        if (!strncmp(line, "program ", 8)) add_program(line + 8);
        if (sscanf(line, "at %lu %d %15s %lu", &order->at, &order->slice, order->word,
                   &order->value) == 4) {
            order->at = START + order->at * 1000000;
            order_count++;
        }
        uint64_t ms;
        if (sscanf(line, "run %lu", &ms) == 1) run(now + ms * 1000000);
        if (!strcmp(line, "priced")) {
            for (int i = 0; i < slices; i++) printf("%llu ", (unsigned long long)regions[i].priced_ns);
            printf("\n");
        }
        fflush(stdout);
    }
    return 0;
}
