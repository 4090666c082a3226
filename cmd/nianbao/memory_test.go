package main

import (
	"context"
	"runtime/debug"
	"testing"
)

func TestMemoryLimitLeavesRoom(t *testing.T) {
	for _, c := range []struct{ live, want int64 }{
		{0, memoryGoal},
		{30 << 20, memoryGoal},
		{100 << 20, 166 << 20},
		{1 << 30, 1<<30 + 1<<29 + 16<<20},
	} {
		if got := memoryLimit(uint64(c.live)); got != c.want {
			t.Errorf("limit for %d MB in use is %d MB, want %d", c.live>>20, got>>20, c.want>>20)
		}
	}
}

func TestKeepSmallLeavesTheOperatorsLimit(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	t.Cleanup(func() { debug.SetMemoryLimit(before) })
	ended, end := context.WithCancel(t.Context())
	end()
	t.Setenv("GOMEMLIMIT", "1GiB")
	keepSmall(ended)
	if got := debug.SetMemoryLimit(-1); got != before {
		t.Errorf("GOMEMLIMIT is set and the limit became %d", got)
	}
	t.Setenv("GOMEMLIMIT", "")
	keepSmall(ended)
	if got := debug.SetMemoryLimit(-1); got < memoryGoal || got == before {
		t.Errorf("the limit is %d", got)
	}
}
