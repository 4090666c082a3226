package document

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/fileblob" // file://
	_ "gocloud.dev/blob/s3blob"   // s3://
	"gocloud.dev/gcerrors"
)

// BlobURL is the address of the default object store: the folder blobs in the
// data folder.
func BlobURL(dataDir string) (string, error) {
	path, err := filepath.Abs(filepath.Join(dataDir, "blobs"))
	if err != nil {
		return "", fmt.Errorf("blob store: %w", err)
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String(), nil
}

// OpenBlobs opens an object store by its address in the form of gocloud.dev,
// such as file:///var/lib/nianbao/blobs or
// s3://bucket?endpoint=https://s3.example.cn&region=cn&use_path_style=true.
// A folder is made where it is missing.
func OpenBlobs(ctx context.Context, address string) (*blob.Bucket, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("blob store %q: %w", address, err)
	}
	switch u.Scheme {
	case "file":
		q := u.Query()
		// The written file is renamed into place, so it must begin on the
		// same file system; what an object is stands in the database.
		for key, value := range map[string]string{"create_dir": "true", "no_tmp_dir": "true", "metadata": "skip"} {
			if !q.Has(key) {
				q.Set(key, value)
			}
		}
		u.RawQuery = q.Encode()
	case "s3":
	default:
		return nil, fmt.Errorf("blob store %q: use a file:// or s3:// address", address)
	}
	bucket, err := blob.OpenBucket(ctx, u.String())
	if err != nil {
		return nil, fmt.Errorf("blob store %s://%s%s: %w", u.Scheme, u.Host, u.Path, err)
	}
	return bucket, nil
}

// ErrDamaged says that a stored PDF is not what was issued.
var ErrDamaged = errors.New("stored document is damaged")

// Read fetches an issued document's PDF and checks it against its hash. A
// file that is missing or changed in the store is ErrDamaged.
func Read(ctx context.Context, blobs *blob.Bucket, d Document) ([]byte, error) {
	data, err := blobs.ReadAll(ctx, d.BlobKey)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, fmt.Errorf("read document %s: %w: %s is missing", d.Number, ErrDamaged, d.BlobKey)
	}
	if err != nil {
		return nil, fmt.Errorf("read document %s: %w", d.Number, err)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != d.SHA256 {
		return nil, fmt.Errorf("read document %s: %w: %s was changed", d.Number, ErrDamaged, d.BlobKey)
	}
	return data, nil
}

// blobKey is where a PDF of this hash lies.
func blobKey(sum string) string { return "documents/" + sum[:2] + "/" + sum + ".pdf" }
