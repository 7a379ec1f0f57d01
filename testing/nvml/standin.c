/* A stand-in for NVIDIA's management library that answers what a text file says.
 *
 * The file is named by ENGAWA_NVML_SCRIPT and read again whenever it was replaced. Its lines are
 * described in __init__.py. Without a file, every call says that no driver is loaded. Structures
 * and codes are those of nvml.h. */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OK = 0, INVALID = 2, INSUFFICIENT_SIZE = 7, DRIVER_NOT_LOADED = 9, CARDS = 8, RULES = 64 };
typedef unsigned long long u64;

typedef struct { unsigned pid; u64 used; unsigned gpu, compute; } Process;
typedef struct { u64 total, free, used; } Memory;
typedef struct { unsigned version; u64 total, reserved, free, used; } MemoryV2;
typedef struct { unsigned gpu, memory; } Busy;
typedef struct { unsigned version, sensor; int degrees; } Temperature;

typedef struct {
    char name[96], uuid[96];
    u64 total, used, reserved, throttle;
    unsigned busy, moving, power, limit, clock, memory_clock, generation, lanes, sent, received;
    int degrees;
    unsigned processes;
    Process process[16];
} Card;

static struct { char call[64]; int code; } rules[RULES]; /* code -1: it hangs */
static Card cards[CARDS];
static unsigned card_count, rule_count;
static char driver[81] = "575.57.08";
static struct stat seen;
static int loaded;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void line(char *text) {
    char call[64];
    Card *card = card_count ? &cards[card_count - 1] : &cards[0];
    Process process = {0};
    int code;
    text[strcspn(text, "\n")] = 0;
    if (!strcmp(text, "gpu") && card_count < CARDS) {
        memset(&cards[card_count], 0, sizeof(Card));
        card_count++;
    } else if (!strncmp(text, "name ", 5)) {
        snprintf(card->name, sizeof card->name, "%.95s", text + 5);
    } else if (!strncmp(text, "driver ", 7)) {
        snprintf(driver, sizeof driver, "%.80s", text + 7);
    } else if (sscanf(text, "fail %63s %d", call, &code) == 2 && rule_count < RULES) {
        strcpy(rules[rule_count].call, call);
        rules[rule_count++].code = code;
    } else if (sscanf(text, "hang %63s", call) == 1 && rule_count < RULES) {
        strcpy(rules[rule_count].call, call);
        rules[rule_count++].code = -1;
    } else if (sscanf(text, "process %u %llu", &process.pid, &process.used) == 2) {
        if (card->processes < 16) card->process[card->processes++] = process;
    } else {
        sscanf(text, "uuid %95s", card->uuid);
        sscanf(text, "memory %llu %llu %llu", &card->total, &card->used, &card->reserved);
        sscanf(text, "busy %u %u", &card->busy, &card->moving);
        sscanf(text, "temperature %d", &card->degrees);
        sscanf(text, "power %u %u", &card->power, &card->limit);
        sscanf(text, "clocks %u %u", &card->clock, &card->memory_clock);
        sscanf(text, "throttle %llu", &card->throttle);
        sscanf(text, "pcie %u %u %u %u", &card->generation, &card->lanes, &card->sent,
               &card->received);
    }
}

static void refresh(void) {
    const char *path = getenv("ENGAWA_NVML_SCRIPT");
    struct stat now;
    char text[256];
    FILE *file;
    pthread_mutex_lock(&lock);
    if (!path || stat(path, &now)) {
        loaded = 0;
    } else if (!loaded || now.st_ino != seen.st_ino || now.st_mtim.tv_nsec != seen.st_mtim.tv_nsec) {
        card_count = rule_count = 0;
        file = fopen(path, "r");
        while (file && fgets(text, sizeof text, file)) line(text);
        if (file) fclose(file);
        seen = now;
        loaded = 1;
    }
    pthread_mutex_unlock(&lock);
}

static int ruled(const char *call) {
    unsigned i;
    refresh();
    if (!loaded) return DRIVER_NOT_LOADED;
    for (i = 0; i < rule_count; i++)
        if (!strcmp(rules[i].call, call) || !strcmp(rules[i].call, "*")) return rules[i].code;
    return OK;
}

/* What the script says of a call; one that hangs comes back when the script no longer says so. */
static int begin(const char *call) {
    int code;
    while ((code = ruled(call)) == -1) usleep(5000);
    return code;
}

#define BEGIN int _code = begin(__func__); if (_code) return _code
#define ANSWER(signature, ...) int signature { BEGIN; { __VA_ARGS__ } return OK; }
#define CARD(handle) Card *card = (Card *)(handle); if (!card) return INVALID

ANSWER(nvmlInitWithFlags(unsigned flags), (void)flags;)
ANSWER(nvmlShutdown(void), )
ANSWER(nvmlSystemGetDriverVersion(char *to, unsigned size), snprintf(to, size, "%s", driver);)
ANSWER(nvmlSystemGetCudaDriverVersion(int *to), *to = 12090;)
ANSWER(nvmlDeviceGetCount_v2(unsigned *to), *to = card_count;)
ANSWER(nvmlDeviceGetHandleByIndex_v2(unsigned index, void **to),
       if (index >= card_count) return INVALID; *to = &cards[index];)
ANSWER(nvmlDeviceGetName(void *of, char *to, unsigned size),
       CARD(of); snprintf(to, size, "%s", card->name);)
ANSWER(nvmlDeviceGetUUID(void *of, char *to, unsigned size),
       CARD(of); snprintf(to, size, "%s", card->uuid);)
ANSWER(nvmlDeviceGetMemoryInfo(void *of, Memory *to), CARD(of); to->total = card->total;
       to->used = card->used + card->reserved; to->free = card->total - to->used;)
ANSWER(nvmlDeviceGetMemoryInfo_v2(void *of, MemoryV2 *to), CARD(of); to->total = card->total;
       to->used = card->used; to->reserved = card->reserved;
       to->free = card->total - card->used - card->reserved;)
ANSWER(nvmlDeviceGetUtilizationRates(void *of, Busy *to),
       CARD(of); to->gpu = card->busy; to->memory = card->moving;)
ANSWER(nvmlDeviceGetTemperatureV(void *of, Temperature *to), CARD(of); to->degrees = card->degrees;)
ANSWER(nvmlDeviceGetTemperature(void *of, int sensor, unsigned *to),
       CARD(of); (void)sensor; *to = (unsigned)card->degrees;)
ANSWER(nvmlDeviceGetPowerUsage(void *of, unsigned *to), CARD(of); *to = card->power;)
ANSWER(nvmlDeviceGetEnforcedPowerLimit(void *of, unsigned *to), CARD(of); *to = card->limit;)
ANSWER(nvmlDeviceGetClockInfo(void *of, int kind, unsigned *to),
       CARD(of); *to = kind == 2 ? card->memory_clock : card->clock;)
ANSWER(nvmlDeviceGetCurrentClocksEventReasons(void *of, u64 *to), CARD(of); *to = card->throttle;)
ANSWER(nvmlDeviceGetCurrentClocksThrottleReasons(void *of, u64 *to),
       CARD(of); *to = card->throttle;)
ANSWER(nvmlDeviceGetCurrPcieLinkGeneration(void *of, unsigned *to),
       CARD(of); *to = card->generation;)
ANSWER(nvmlDeviceGetCurrPcieLinkWidth(void *of, unsigned *to), CARD(of); *to = card->lanes;)
ANSWER(nvmlDeviceGetPcieThroughput(void *of, int kind, unsigned *to),
       CARD(of); *to = kind == 0 ? card->sent : card->received;)
ANSWER(nvmlDeviceGetComputeRunningProcesses_v3(void *of, unsigned *count, Process *to),
       CARD(of); unsigned room = *count; *count = card->processes;
       if (card->processes > room || (card->processes && !to)) return INSUFFICIENT_SIZE;
       if (to) memcpy(to, card->process, card->processes * sizeof(Process));)
ANSWER(nvmlDeviceGetGraphicsRunningProcesses_v3(void *of, unsigned *count, Process *to),
       CARD(of); (void)to; *count = 0;)

const char *nvmlErrorString(int code) {
    static char text[32];
    snprintf(text, sizeof text, "scripted error %d", code);
    return text;
}
