/* A load generator for a gateway: closed loop, or open loop at a fixed rate; every request has a body of its own.

       cc -O2 -o load load.c
       load PORT PATH MODEL CONNECTIONS RATE SECONDS COUNT STREAM [HEADER ...]

   RATE 0 is the closed loop: each connection sends its next request when it has its answer, for SECONDS or, if COUNT is
   not 0, until COUNT are sent. Otherwise RATE * SECONDS requests fall due at even distances, and latency is counted
   from when one was due, whether or not a connection was free (no coordinated omission). When the last is sent, answers
   are waited for, for at most PATIENCE_S. STREAM 1 asks for server-sent events. All answers must be 200 and alike:
   `unlike` counts pieces that differ from what other answers had in the same place, and one more if their lengths
   differ. Prints one line of JSON. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_BYTES = 2048, BODY_BYTES = 4096, REQUEST_BYTES = 8192, HEAD_BYTES = 32768, PIECE_BYTES = 65536 };
enum { SENTENCES_A_TEXT = 8, PATIENCE_S = 20 };
enum framing { HEAD, LENGTH, CHUNK_SIZE, CHUNK_DATA, CHUNK_END, TRAILER, UNTIL_CLOSE, DONE };

struct connection {
    int fd, busy, status;
    double due, first_byte;
    enum framing framing;
    size_t head_length, line_length;
    long left, body_bytes; /* of the body or chunk still to come; of the body so far */
    char head[HEAD_BYTES], line[32];
};

struct samples { double *values; size_t length, room; };

static const char *const SENTENCES[] = {
    "The oak table of order %06u came with a scratch along its left side, and I would like to know what we can do. ",
    "Please write to anna.kowalska%06u@mail.example before Friday, she keeps the delivery note and the photos. ",
    "My neighbour Thomas Berger bought the same shelf in March and paid %06u cents less than you charge me now. ",
    "Could you call me back on +49 30 5550 %06u in the evening, when I am at home and can look at the parcel? ",
    "We moved from Lisbon to Gothenburg last year, our customer number is still %06u and the address is new. ",
    "Summarise what the assistant promised in ticket %06u, and say which of these promises were kept so far. ",
    "The drawer of unit %06u sticks when the weather is damp; is there a set of rails that fits an older model? ",
    "Compare the warranty of model %06u with the law, in three short points that my father can understand. ",
    "Samira Haddad signed for box %06u at the depot, but nobody of that name lives in our house or works here. ",
    "Translate the assembly steps of sheet %06u into plain English, and leave the names of the screws as they are. ",
    "I was billed twice, once as %06u and once without a number, and my bank wants a letter that explains it. ",
    "If the blue fabric of lot %06u is gone, which of the others comes closest to the one in your catalogue? ",
};
static struct sockaddr_in target;
static const char *path, *model;
static char headers[2048];
static int poller, streaming;
static unsigned long long seed;
static long sent, done, failed, unlike, shortest = -1, longest = -1;
static unsigned char *reference;
static size_t reference_length, reference_room;
static struct samples latencies, first_bytes;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static unsigned random_below(unsigned bound) { /* xorshift64*, Vigna 2016 */
    seed ^= seed >> 12, seed ^= seed << 25, seed ^= seed >> 27;
    return (unsigned)((seed * 2685821657736338717ULL) >> 33) % bound;
}

static void keep(struct samples *to, double value) {
    if (to->length == to->room) to->values = realloc(to->values, (to->room = to->room * 2 + 4096) * sizeof(double));
    to->values[to->length++] = value;
}

static void join(struct connection *c) {
    int one = 1;
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = c};
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(c->fd, (struct sockaddr *)&target, sizeof target)) perror("connect"), exit(1);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &interest);
}

static size_t new_request(char *request) {
    char text[TEXT_BYTES], body[BODY_BYTES];
    int n = sprintf(text, "Ticket %06ld-%06u. ", sent, random_below(1000000));
    for (int i = 0; i < SENTENCES_A_TEXT; i++)
        n += sprintf(text + n, SENTENCES[random_below(sizeof SENTENCES / sizeof *SENTENCES)], random_below(1000000));
    int length = snprintf(body, sizeof body,
        "{\"model\":\"%s\",\"messages\":[{\"role\":\"system\",\"content\":\"You are a helpful assistant.\"},"
        "{\"role\":\"user\",\"content\":\"%s\"}],\"temperature\":0.7,\"max_tokens\":256,\"stream\":%s}",
        model, text, streaming ? "true,\"stream_options\":{\"include_usage\":true}" : "false");
    return snprintf(request, REQUEST_BYTES,
        "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer a-key-for-measuring\r\n"
        "Content-Type: application/json\r\nAccept: application/json\r\nAccept-Encoding: gzip, deflate\r\n"
        "User-Agent: OpenAI/Python 1.99.0\r\nX-Stainless-Lang: python\r\n%sContent-Length: %d\r\n\r\n%s",
        path, headers, length, body);
}

static void ask(struct connection *c, double due) {
    char request[REQUEST_BYTES];
    size_t length = new_request(request);
    c->due = due, c->first_byte = 0, c->busy = 1;
    c->framing = HEAD, c->head_length = c->line_length = 0, c->body_bytes = 0, c->status = 0;
    sent++;
    if (send(c->fd, request, length, MSG_NOSIGNAL) == (ssize_t)length) return;
    close(c->fd); /* The gateway had closed it while it was idle. */
    join(c);
    if (send(c->fd, request, length, MSG_NOSIGNAL) != (ssize_t)length) perror("send"), exit(1);
}

/* Compare a piece of a body with what the others had there, and learn what none had yet. */
static void compare(long at, const char *piece, size_t length) {
    size_t known = at < (long)reference_length ? reference_length - at : 0;
    size_t both = known < length ? known : length;
    if (both && memcmp(reference + at, piece, both)) unlike++;
    if (both == length) return;
    if (at + length > reference_room) reference = realloc(reference, reference_room = 2 * (at + length));
    memcpy(reference + at + both, piece + both, length - both);
    reference_length = at + length;
}

static void take_body(struct connection *c, const char *piece, size_t length, double t) {
    if (!c->first_byte) c->first_byte = t;
    if (c->status == 200) compare(c->body_bytes, piece, length);
    c->body_bytes += length;
}

static const char *header(const char *head, const char *name) {
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
        if (!strncasecmp(line + 2, name, strlen(name))) return line + 2 + strlen(name);
    return NULL;
}

/* Take what is the head's; gives how much that was. */
static size_t take_head(struct connection *c, const char *data, size_t length) {
    size_t before = c->head_length, room = HEAD_BYTES - 1 - before, copied = length < room ? length : room;
    memcpy(c->head + before, data, copied);
    c->head[c->head_length += copied] = 0;
    char *end = strstr(c->head, "\r\n\r\n");
    if (!end) {
        if (copied < length) fprintf(stderr, "the head of an answer is over %d bytes\n", HEAD_BYTES), exit(1);
        return length;
    }
    end[2] = 0;
    c->status = atoi(c->head + 9);
    const char *announced = header(c->head, "content-length:");
    if (header(c->head, "transfer-encoding:")) c->framing = CHUNK_SIZE;
    else if (!announced) c->framing = UNTIL_CLOSE;
    else c->left = atol(announced), c->framing = c->left ? LENGTH : DONE;
    return end + 4 - (c->head + before);
}

/* Take one byte of a chunk's size line or of the trailer; their lines are short. */
static void take_line(struct connection *c, char byte) {
    if (byte != '\n') {
        if (c->line_length < sizeof c->line - 1) c->line[c->line_length++] = byte;
        return;
    }
    c->line[c->line_length] = 0;
    int empty = c->line_length <= 1;
    c->line_length = 0;
    if (c->framing == CHUNK_END) c->framing = CHUNK_SIZE;
    else if (c->framing == TRAILER) c->framing = empty ? DONE : TRAILER;
    else c->left = strtol(c->line, NULL, 16), c->framing = c->left ? CHUNK_DATA : TRAILER;
}

static void take(struct connection *c, const char *data, size_t length, double t) {
    while (length && c->framing != DONE) {
        size_t used = 1;
        if (c->framing == HEAD) {
            used = take_head(c, data, length);
        } else if (c->framing == UNTIL_CLOSE) {
            take_body(c, data, used = length, t);
        } else if (c->framing == LENGTH || c->framing == CHUNK_DATA) {
            used = (long)length < c->left ? length : (size_t)c->left;
            take_body(c, data, used, t);
            if (!(c->left -= used)) c->framing = c->framing == LENGTH ? DONE : CHUNK_END;
        } else {
            take_line(c, *data);
        }
        data += used, length -= used;
    }
}

static void finish(struct connection *c, int whole, double t) {
    c->busy = 0, done++;
    if (!whole || c->status != 200) {
        failed++;
        return;
    }
    keep(&latencies, t - c->due);
    keep(&first_bytes, (c->first_byte ? c->first_byte : t) - c->due);
    if (shortest < 0 || c->body_bytes < shortest) shortest = c->body_bytes;
    if (c->body_bytes > longest) longest = c->body_bytes;
}

/* Read what has come; gives whether an answer has ended. */
static int read_some(struct connection *c) {
    char piece[PIECE_BYTES];
    ssize_t n = recv(c->fd, piece, sizeof piece, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return 0;
    double t = now();
    if (n > 0) take(c, piece, n, t);
    int closed = n <= 0, over = c->busy && (closed || c->framing == DONE);
    if (over) finish(c, c->framing == DONE || (c->framing == UNTIL_CLOSE && n == 0), t);
    if (closed) close(c->fd), join(c);
    return over;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile_ms(struct samples *of, double q) {
    return of->length ? of->values[(size_t)((of->length - 1) * q)] * 1e3 : -1;
}

static unsigned long long digest(void) { /* FNV-1a, 64 bits */
    unsigned long long h = 14695981039346656037ULL;
    for (size_t i = 0; i < reference_length; i++) h = (h ^ reference[i]) * 1099511628211ULL;
    return h;
}

static void report(double took) {
    unlike += shortest != longest;
    qsort(latencies.values, latencies.length, sizeof(double), ascending);
    qsort(first_bytes.values, first_bytes.length, sizeof(double), ascending);
    printf("{\"sent\":%ld,\"done\":%ld,\"failed\":%ld,", sent, done, failed);
    printf("\"unlike\":%ld,\"seconds\":%.6f,", unlike, took);
    printf("\"p50_ms\":%.4f,\"p99_ms\":%.4f,", quantile_ms(&latencies, .5), quantile_ms(&latencies, .99));
    printf("\"first_p50_ms\":%.4f,", quantile_ms(&first_bytes, .5));
    printf("\"first_p99_ms\":%.4f,", quantile_ms(&first_bytes, .99));
    printf("\"body_bytes\":%ld,\"digest\":\"%016llx\"}\n", longest, digest());
}

int main(int argc, char **argv) {
    if (argc < 9) return fprintf(stderr, "see the head of load.c for the arguments\n"), 2;
    int connections = atoi(argv[4]), count = atoi(argv[7]);
    double rate = atof(argv[5]), seconds = atof(argv[6]);
    path = argv[2], model = argv[3], streaming = atoi(argv[8]);
    for (int i = 9; i < argc; i++) strcat(strcat(headers, argv[i]), "\r\n");
    if (rate) count = (int)(rate * seconds);
    target.sin_family = AF_INET, target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    target.sin_port = htons(atoi(argv[1]));
    seed = (unsigned long long)time(NULL) << 20 ^ getpid();
    poller = epoll_create1(0);
    struct connection *all = calloc(connections, sizeof *all), **idle = calloc(connections, sizeof *idle);
    struct epoll_event ready[256];
    int free_ones = 0;
    for (int i = 0; i < connections; i++) join(idle[free_ones++] = &all[i]);

    double began = now(), end = rate || count ? 1e300 : began + seconds, last = began, given_up = 1e300;
    while (1) {
        double t = now(), next = began + (rate ? sent / rate : 0);
        while (free_ones && (!count || sent < count) && t < end && next <= t) {
            ask(idle[--free_ones], rate ? next : now());
            next = began + (rate ? sent / rate : 0);
        }
        int all_sent = count ? sent >= count : t >= end;
        if (all_sent && given_up == 1e300) given_up = t + PATIENCE_S;
        if (all_sent && (done == sent || t > given_up)) break;
        double wait = rate && !all_sent && free_ones ? next - now() : 0.05;
        struct timespec limit = {0, wait > 0 ? (long)(wait * 1e9) : 0};
        int events = epoll_pwait2(poller, ready, 256, &limit, NULL);
        for (int i = 0; i < events; i++)
            if (read_some(ready[i].data.ptr)) idle[free_ones++] = ready[i].data.ptr, last = now();
    }
    report(last - began);
    return 0;
}
