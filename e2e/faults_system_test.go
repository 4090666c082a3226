//go:build system

package e2e

import (
	"fmt"
	"testing"
	"time"
)

// TestFaultsLong kills the server and PostgreSQL forty times under the load of some 4,000 organisations.
func TestFaultsLong(t *testing.T) {
	runFaults(t, faultPlan{organisations: mix{1730, 2220, 60}, kills: 40, pause: 60 * time.Millisecond, seed: faultSeed(t)})
}

// TestDeadNodeLong kills one of two nodes at ten different moments.
func TestDeadNodeLong(t *testing.T) {
	for n := range 10 {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			runDeadNode(t, faultPlan{organisations: mix{170, 220, 12}, pause: 60 * time.Millisecond, seed: faultSeed(t)})
		})
	}
}
