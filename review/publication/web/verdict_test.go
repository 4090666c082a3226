package web

import (
	"testing"

	"nianbao/internal/document"
	"nianbao/review/publication"
)

// TestEnded: what the sentence calls the two documents.
func TestEnded(t *testing.T) {
	for want, kinds := range map[string][2]document.Kind{
		"本决定的效力已因移出决定（1号）终止。":        {document.KindListingDecision, document.KindRemovalDecision},
		"本告知的效力已因不予列入告知（1号）终止。":      {document.KindPriorNotice, document.KindListingWithdrawal},
		"本文书的效力已因年度报告退回补正通知书（1号）终止。": {document.KindReceipt, document.KindReturnNotice},
	} {
		v := publication.Verification{Kind: kinds[0], SupersededBy: &publication.Successor{Kind: kinds[1], Number: "1号"}}
		if got := ended(&v); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
