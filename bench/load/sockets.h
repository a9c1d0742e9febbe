// Sockets as the load tools need them: IPv4, non-blocking, no delay. Knows nothing of requests.
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

// "127.0.0.1:20000" into an address; false: it is none.
bool parse_address(const char *text, struct sockaddr_in *address);

// A listening socket, or -1 with errno set.
int open_listener(const struct sockaddr_in *address);

// Begins a connection; -1 with errno set where it failed at once. `source` 0: the kernel chooses the local address.
// `receive_buffer` 0: the kernel's own size.
int open_connection(const struct sockaddr_in *target, in_addr_t source, int receive_buffer);

void set_no_delay(int fd);

// Closes with a reset instead of a FIN.
void close_with_reset(int fd);

// Raises the soft limit of descriptors to the hard one and returns it.
uint64_t raise_descriptor_limit(void);

// Adds `fd` to the epoll set, or changes what it waits for. `tag` comes back with the event.
void watch(int poller, int fd, bool known, uint32_t events, void *tag);
