// Package fakedb is a database/sql driver that answers every query with no rows, after as many milliseconds as its name says.
package fakedb

import (
	"database/sql"
	"database/sql/driver"
	"io"
	"strconv"
	"time"
)

type fake struct{}
type conn struct{ delay time.Duration }
type stmt struct{ c conn }
type rows struct{}

func init() { sql.Register("fake", fake{}) }

func (fake) Open(name string) (driver.Conn, error) {
	ms, err := strconv.Atoi(name)
	return conn{time.Duration(ms) * time.Millisecond}, err
}
func (c conn) Prepare(string) (driver.Stmt, error) { return stmt{c}, nil }
func (c conn) Close() error                        { return nil }
func (c conn) Begin() (driver.Tx, error)           { return c, nil }
func (c conn) Commit() error                       { return nil }
func (c conn) Rollback() error                     { return nil }
func (s stmt) Close() error                        { return nil }
func (s stmt) NumInput() int                       { return -1 }
func (s stmt) Exec([]driver.Value) (driver.Result, error) {
	time.Sleep(s.c.delay)
	return driver.ResultNoRows, nil
}
func (s stmt) Query([]driver.Value) (driver.Rows, error) {
	time.Sleep(s.c.delay)
	return rows{}, nil
}
func (rows) Columns() []string         { return []string{"a"} }
func (rows) Close() error              { return nil }
func (rows) Next([]driver.Value) error { return io.EOF }
