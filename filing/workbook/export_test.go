package workbook

// ReadBook reads a workbook that is unpacked already, for fuzzing.
var ReadBook = readBook
