package pool

import (
	"context"
	"errors"
)

type Conn struct{ id int }

type DB struct{ free chan *Conn }

func Open(n int) *DB {
	d := &DB{make(chan *Conn, n)}
	for i := 0; i < n; i++ {
		d.free <- &Conn{i}
	}
	return d
}

func (d *DB) conn(ctx context.Context) (*Conn, error) {
	select {
	case c := <-d.free:
		return c, nil
	case <-ctx.Done():
		return nil, errors.New("pool: " + ctx.Err().Error())
	}
}

func (d *DB) Query(ctx context.Context, q string) error {
	c, err := d.conn(ctx)
	if err != nil {
		return err
	}
	defer func() { d.free <- c }()
	return nil
}

func (d *DB) InTx(ctx context.Context, f func(*Conn) error) error {
	c, err := d.conn(ctx)
	if err != nil {
		return err
	}
	defer func() { d.free <- c }()
	return f(c)
}
