// The lines that the load prints for the program that started it: one JSON object each.
#pragma once

#include "load.h"

void report_event(const char *name);

// `seconds`: how long the window really was.
void report_result(const struct load *load, double seconds);
