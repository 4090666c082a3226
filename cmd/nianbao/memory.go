package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// memoryGoal is what the server's own memory is kept under, in bytes, while what it needs lets it: with the program
	// file itself it stays below 150 MB, so that an office's old machine can run it beside PostgreSQL.
	memoryGoal = 80 << 20
	// memoryEvery is how often the limit follows what is in use.
	memoryEvery = time.Second
)

// keepSmall sets the collector's memory limit until ctx ends. Where GOMEMLIMIT is set, the operator has decided.
func keepSmall(ctx context.Context) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	tick := time.NewTicker(memoryEvery)
	defer tick.Stop()
	for {
		metrics.Read(live)
		if live[0].Value.Kind() == metrics.KindUint64 {
			debug.SetMemoryLimit(memoryLimit(live[0].Value.Uint64()))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// memoryLimit is the limit for what the last collection left in use, in bytes. A limit close to it would have the
// collector run all the time, such as during a large export: half as much again is always free.
func memoryLimit(live uint64) int64 {
	return max(memoryGoal, int64(live)+int64(live/2)+16<<20)
}
