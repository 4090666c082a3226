// Package documents carries the wording of official documents: one file per
// kind, read by internal/document; declaration.txt is that of a working paper.
//
// Each line is one block: a directive, a space, and its text, which is a
// text/template over the document's facts. A line whose text comes out blank
// is left out; text of several lines becomes several blocks. Lines that begin
// with # are comments.
//
//	title TEXT           the document's name
//	to TEXT              the addressee
//	p TEXT               a paragraph
//	h TEXT               a heading
//	row LABEL | TEXT     a row of the table (rows in a row make one table)
//	emphasis LABEL | TEXT
//	remarks              the reviewer's remarks, numbered
//	note TEXT            small print
//	sign                 authority and date under the seal, with the QR code
//	sheet TEXT           a new sheet, if the text is not blank
//	signing LEFT | RIGHT | BELOW   a box to be signed and sealed by hand
//	stamp HEADS | CELLS | SEAL LABEL   the stamp field; heads and cells parted by "，"
//
// Where the text of "sheet" is blank, what follows up to the next "sheet" is
// left out as a whole. shared.txt holds named pieces ({{define}}) for all.
package documents

import "embed"

// FS holds the wording files.
//
//go:embed *.txt
var FS embed.FS
