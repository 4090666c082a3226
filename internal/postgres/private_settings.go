package postgres

import (
	"errors"
	"os"
	"syscall"
)

// configure appends our settings to the new cluster's configuration, where an administrator may change them later.
func (c *cluster) configure(path string) error {
	text := settings
	if c.offersLZ4() {
		text += settingsLZ4
	}
	if c.throwaway {
		text += settingsThrowaway
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// offersLZ4 asks the server program whether it was built with lz4; with the setting but without lz4 it would not start.
func (c *cluster) offersLZ4() bool {
	return c.run("postgres", func(base string) []string {
		return []string{"-C", "default_toast_compression", "-c", "default_toast_compression=lz4", "-D", base + "/cluster.new"}
	}) == nil
}

// settings suit a machine of 1 to 8 GB that runs the program too.
const settings = `
# nianbao: set once, when the cluster was made; change at will.
timezone = 'Asia/Shanghai'
log_timezone = 'Asia/Shanghai'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 128MB
effective_cache_size = 1GB
work_mem = 16MB
maintenance_work_mem = 128MB
max_wal_size = 2GB
checkpoint_timeout = 15min
random_page_cost = 1.1
jit = off
log_checkpoints = off
`

// settingsLZ4 make stored reports a third smaller to write than the default compression allows in the same time.
const settingsLZ4 = `default_toast_compression = lz4
wal_compression = lz4
`

// settingsThrowaway trade all safety for speed: the data of a test dies with it.
const settingsThrowaway = `fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
wal_level = minimal
max_wal_senders = 0
shared_buffers = 64MB
max_connections = 200
`
