package main

import (
	"fmt"

	"nianbao/internal/event"
)

type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Check the whole event log: no row changed, removed or inserted."`
}

type auditVerifyCmd struct{}

// Run fails and names each fault where the log is not what was written. The position and hash that it prints, noted
// elsewhere, also prove later that the chain was not rewritten as a whole.
func (*auditVerifyCmd) Run(e *environment) error {
	return e.with(func(s *store) error {
		result, err := event.Verify(e.ctx, s.db)
		if err != nil {
			return err
		}
		for _, problem := range result.Problems {
			fmt.Fprintln(e.stdout, problem)
		}
		if !result.OK() {
			return fmt.Errorf("the event log is not what was written: %d faults; compare with a backup",
				len(result.Problems)+result.Omitted)
		}
		fmt.Fprintf(e.stdout, "%d events checked, in order and unchanged; head: position %d, hash %x\n",
			result.Events, result.Position, result.Hash)
		return nil
	})
}
