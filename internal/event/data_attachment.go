package event

// The payloads about a report's files. None holds a file's name: until a file
// is scanned and submitted, only its owner sees that.

// AttachmentAdded: a file was taken in for a draft. Replaces is the SHA-256 of
// the one that was in its slot before.
type AttachmentAdded struct {
	Kind      string `json:"kind"`
	N         int    `json:"n"`
	SHA256    string `json:"sha256"`
	Bytes     int64  `json:"bytes"`
	MediaType string `json:"media_type"`
	Replaces  string `json:"replaces,omitempty"`
}

// AttachmentRemoved: a file was taken away from a draft.
type AttachmentRemoved struct {
	Kind   string `json:"kind"`
	N      int    `json:"n"`
	SHA256 string `json:"sha256"`
}

// AttachmentScanned: a scanner gave its verdict. Virus is empty for a clean
// file.
type AttachmentScanned struct {
	Kind   string `json:"kind"`
	N      int    `json:"n"`
	SHA256 string `json:"sha256"`
	Virus  string `json:"virus,omitempty"`
}
