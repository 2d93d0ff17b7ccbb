package app

import (
	"fmt"
	"io/fs"
	"syscall"
)

// fileID names a file by device and inode.
func fileID(info fs.FileInfo) string {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return fmt.Sprintf("%x-%x", st.Dev, st.Ino)
	}
	return "unknown"
}
