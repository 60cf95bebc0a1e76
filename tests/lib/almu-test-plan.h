/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <stdint.h>

/* Of what the program and its tests have in common; plain C, as the one that
 * is loaded into the program has nothing else. */

#define ALMU_TEST_PLAN "ALMU_TEST_PLAN" /* names the file of the plan */
#define ALMU_TEST_PLAN_PREFIX_BYTES 512

enum
{
  ALMU_TEST_CALL_OPEN = 1 << 0,
  ALMU_TEST_CALL_READ = 1 << 1,
  ALMU_TEST_CALL_WRITE = 1 << 2,
  ALMU_TEST_CALL_SYNC = 1 << 3,
  ALMU_TEST_CALL_SIZE = 1 << 4,
  ALMU_TEST_CALL_NAME = 1 << 5,
  ALMU_TEST_CALL_LOOK = 1 << 6,
  ALMU_TEST_CALL_THREAD = 1 << 7,
  ALMU_TEST_CALL_CHILD = 1 << 8,   /* and what it is connected by */
  ALMU_TEST_CALL_BENEATH = 1 << 9, /* openat2(), wherever */
};

/* Not an error: less is read or written than was asked for. */
#define ALMU_TEST_CODE_SHORT -1

/**
 * AlmuTestPlan:
 * @calls: which kinds of calls count
 * @first: the first that fails, 1 is the next; 0 for none
 * @n_failures: how many fail from there
 * @code: what they say
 * @n_calls: how many have been made since
 * @n_failed: how many of them failed
 * @is_stalled: reading waits while this is set
 * @n_waiting: who waits
 * @clock_offset: seconds by which the wall clock is ahead
 * @prefix: what the files are beneath
 *
 * What happens to the calls of a program.
 */
typedef struct
{
  int32_t calls;
  int32_t first;
  int32_t n_failures;
  int32_t code;
  int32_t n_calls;
  int32_t n_failed;
  int32_t is_stalled;
  int32_t n_waiting;
  int64_t clock_offset;
  char    prefix[ALMU_TEST_PLAN_PREFIX_BYTES];
} AlmuTestPlan;
