package clock

import (
	"context"
	"errors"
	"time"
)

// settlePatience is how long Settle waits, in real time, for work that other nodes have in hand.
const settlePatience = 2 * time.Minute

// ErrUnsettled is work that did not come to rest in time.
var ErrUnsettled = errors.New("work that is due did not come to rest")

// Settle makes an AfterTick of the steps that lead from one thing to the next, such as the sequencer's, the consumers'
// and the queue's: each says how much it did, and they are repeated in order until none does anything and settled says
// that no other node has anything in hand either.
func Settle(settled func(context.Context) (bool, error), steps ...func(context.Context) (int, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		started := time.Now()
		for {
			did := 0
			for _, step := range steps {
				n, err := step(ctx)
				if err != nil {
					return err
				}
				did += n
			}
			if did > 0 {
				continue
			}
			if ok, err := settled(ctx); err != nil || ok {
				return err
			}
			if time.Since(started) > settlePatience {
				return ErrUnsettled
			}
			if err := pause(ctx, 2*time.Millisecond); err != nil {
				return err
			}
		}
	}
}
