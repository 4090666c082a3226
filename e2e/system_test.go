//go:build system

package e2e

import "testing"

// TestReplayFullSize replays the season with all 8,030 organisations.
func TestReplayFullSize(t *testing.T) { replaySeason(t, guangzhou, 1) }
