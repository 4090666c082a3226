package pdf

import (
	"errors"
	"fmt"
)

// The sheet: A4 with the margins of GB/T 9704 for official documents, lengths
// in millimetres.
const (
	sheetWidth  = 210.0
	sheetHeight = 297.0
	marginLeft  = 28.0
	marginRight = 26.0
	measure     = sheetWidth - marginLeft - marginRight // 156
	bodyTop     = 25.0
	bodyBottom  = 271.0
)

// item is one unbreakable piece of the flow.
type item struct {
	gap    float64 // white above it, dropped at the top of a sheet
	height float64
	keep   bool // must lie on the same sheet as the next item
	start  bool // must begin a sheet
	draw   func(c *canvas, y float64)
}

// placed is an item with its sheet (from 0) and the y of its upper edge.
type placed struct {
	item
	sheet int
	y     float64
}

var errTooTall = errors.New("piece is taller than a sheet")

// paginate places items on sheets from top to bottom. Where one does not fit,
// it goes to the next sheet together with the items that must not be parted
// from it.
func paginate(items []item) ([]placed, error) {
	out := make([]placed, 0, len(items))
	sheet, y := 0, bodyTop
	for first := 0; first < len(items); {
		last := first // the end of a chain that must stay together
		for items[last].keep && last+1 < len(items) && !items[last+1].start {
			last++
		}
		chain := items[first : last+1]
		fresh := y == bodyTop
		if !fresh && (chain[0].start || y+height(chain, false) > bodyBottom) {
			sheet, y, fresh = sheet+1, bodyTop, true
		}
		if fresh {
			// A chain longer than a sheet breaks where it must.
			for len(chain) > 1 && height(chain, true) > bodyBottom-bodyTop {
				chain = chain[:len(chain)-1]
			}
			if height(chain, true) > bodyBottom-bodyTop {
				return nil, fmt.Errorf("%w: %.0f mm", errTooTall, height(chain, true))
			}
		}
		for i, it := range chain {
			if !(fresh && i == 0) {
				y += it.gap
			}
			out = append(out, placed{it, sheet, y})
			y += it.height
		}
		first += len(chain)
	}
	return out, nil
}

// height of a chain, without the first gap when it begins a sheet.
func height(chain []item, fresh bool) float64 {
	var sum float64
	for i, it := range chain {
		if !(fresh && i == 0) {
			sum += it.gap
		}
		sum += it.height
	}
	return sum
}
