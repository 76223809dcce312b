#include "timeline.h"

static bool has_work(const struct timeline_queue *queue) {
    return queue->ended < queue->queued;
}

uint64_t timeline_queue(struct timeline *card, unsigned process, uint64_t ns) {
    struct timeline_queue *queue = &card->queues[process];
    queue->left[queue->queued % TIMELINE_DEPTH] = ns;
    return queue->queued++;
}

bool timeline_has_room(const struct timeline *card, unsigned process) {
    const struct timeline_queue *queue = &card->queues[process];
    return queue->queued - queue->ended < TIMELINE_DEPTH;
}

bool timeline_has_ended(const struct timeline *card, unsigned process, uint64_t work) {
    return work < card->queues[process].ended;
}

uint64_t timeline_reached(const struct timeline *card, unsigned process, uint64_t work) {
    return card->queues[process].reached[work % TIMELINE_KEPT];
}

/* Whose turn it is: the same one's while it has work and time, or the next one's. */
static int turn(const struct timeline *card) {
    if (card->turn_left && has_work(&card->queues[card->turn])) return (int)card->turn;
    for (unsigned i = 1; i <= TIMELINE_PROCESSES; i++) {
        unsigned process = (card->turn + i) % TIMELINE_PROCESSES;
        if (has_work(&card->queues[process])) return (int)process;
    }
    return -1;
}

/* How long `process` works until something changes. */
static uint64_t stretch(const struct timeline *card, unsigned process) {
    const struct timeline_queue *queue = &card->queues[process];
    uint64_t left = queue->left[queue->ended % TIMELINE_DEPTH];
    bool goes_on = process == card->turn && card->turn_left;
    uint64_t turn_left = goes_on ? card->turn_left : TIMELINE_TURN;
    return left < turn_left ? left : turn_left;
}

uint64_t timeline_next(const struct timeline *card) {
    int process = turn(card);
    return process < 0 ? TIMELINE_NEVER : card->now + stretch(card, (unsigned)process);
}

static void work(struct timeline *card, unsigned process, uint64_t ns) {
    struct timeline_queue *queue = &card->queues[process];
    uint64_t *left = &queue->left[queue->ended % TIMELINE_DEPTH];
    card->busy[card->now / TIMELINE_TICK % TIMELINE_TICKS][process] += (uint32_t)ns;
    card->now += ns;
    card->turn_left -= ns;
    if (*left != TIMELINE_NEVER) *left -= ns;
    if (*left == 0) {
        queue->reached[queue->ended % TIMELINE_KEPT] = card->now;
        queue->ended++;
    }
}

/* A tick's numbers are from the last time round until the tick begins. */
static void clear_next_tick(struct timeline *card) {
    uint64_t next = (card->now / TIMELINE_TICK + 1) % TIMELINE_TICKS;
    for (unsigned i = 0; i < TIMELINE_PROCESSES; i++) card->busy[next][i] = 0;
}

void timeline_run(struct timeline *card, uint64_t until) {
    for (;;) {
        uint64_t tick_end = (card->now / TIMELINE_TICK + 1) * TIMELINE_TICK;
        uint64_t end = until < tick_end ? until : tick_end;
        int process = turn(card);
        if (process >= 0) {
            if (process != (int)card->turn || card->turn_left == 0) {
                card->turn = (uint32_t)process;
                card->turn_left = TIMELINE_TURN;
            }
            uint64_t ns = stretch(card, (unsigned)process);
            /* What takes no time is also done when there is none left. */
            if (card->now >= until && ns) return;
            work(card, (unsigned)process, ns < end - card->now ? ns : end - card->now);
        } else {
            if (card->now >= until) return;
            card->now = end;
            card->turn_left = 0;
        }
        if (card->now == tick_end) clear_next_tick(card);
    }
}

void timeline_drop(struct timeline *card, unsigned process) {
    card->queues[process].ended = card->queues[process].queued;
}
