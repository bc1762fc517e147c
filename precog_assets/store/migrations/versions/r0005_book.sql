CREATE SCHEMA IF NOT EXISTS book;
CREATE INDEX ratings_past ON model.ratings (league, team_id, start_time) WHERE superseded_at IS NOT NULL;

CREATE TABLE model.prices (
    market_id TEXT NOT NULL,
    game_id TEXT NOT NULL,
    outcome TEXT NOT NULL,
    model_version TEXT NOT NULL,
    as_of TIMESTAMP WITH TIME ZONE NOT NULL,
    p_model DOUBLE PRECISION,
    p_market DOUBLE PRECISION NOT NULL,
    p_trading DOUBLE PRECISION NOT NULL,
    model_weight DOUBLE PRECISION NOT NULL,
    divergence DOUBLE PRECISION,
    forecast_computed_at TIMESTAMP WITH TIME ZONE,
    quote_observed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    computed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (market_id, model_version, as_of)
);
COMMENT ON TABLE model.prices IS 'One row for each change of a market''s price or its game''s forecast';
COMMENT ON COLUMN model.prices.p_trading IS 'Market-aware';
CREATE INDEX prices_game ON model.prices (game_id, as_of);

CREATE TABLE book.accounts (
    venue TEXT NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    last_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (venue)
);
COMMENT ON COLUMN book.accounts.last_at IS 'Latest instant given to a transaction of the account';

CREATE TABLE book.strategies (
    strategy_hash TEXT NOT NULL,
    name TEXT NOT NULL,
    parameters JSONB NOT NULL,
    limits JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (strategy_hash)
);
COMMENT ON COLUMN book.strategies.limits IS 'When it was first used; a decision names its own';

CREATE TABLE book.limits (
    limits_hash TEXT NOT NULL,
    parameters JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (limits_hash)
);

CREATE TABLE book.rungs (
    strategy TEXT NOT NULL,
    league TEXT NOT NULL,
    rung TEXT NOT NULL,
    reason TEXT NOT NULL,
    graded INTEGER NOT NULL,
    skill DOUBLE PRECISION,
    skill_low DOUBLE PRECISION,
    closing_line_value DOUBLE PRECISION,
    closing_line_value_low DOUBLE PRECISION,
    decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (strategy, league, decided_at)
);
COMMENT ON COLUMN book.rungs.closing_line_value IS 'Dollars a contract';

CREATE TABLE book.decisions (
    decision_id TEXT NOT NULL,
    market_id TEXT NOT NULL,
    game_id TEXT,
    league TEXT,
    strategy TEXT NOT NULL,
    strategy_hash TEXT NOT NULL,
    limits_hash TEXT NOT NULL,
    as_of TIMESTAMP WITH TIME ZONE NOT NULL,
    action TEXT NOT NULL,
    reason TEXT NOT NULL,
    side TEXT,
    limit_price NUMERIC(8, 6),
    contracts NUMERIC(18, 2) NOT NULL,
    p_model DOUBLE PRECISION,
    p_market DOUBLE PRECISION,
    p_trading DOUBLE PRECISION,
    divergence DOUBLE PRECISION,
    net_value NUMERIC(10, 6),
    rung TEXT NOT NULL,
    gates JSONB NOT NULL,
    snapshot JSONB NOT NULL,
    details JSONB NOT NULL,
    repeats INTEGER DEFAULT '0' NOT NULL,
    last_repeated_at TIMESTAMP WITH TIME ZONE,
    computed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (decision_id)
);
COMMENT ON TABLE book.decisions IS 'One row for each market, strategy and change of verdict; the same verdict again is counted';
COMMENT ON COLUMN book.decisions.snapshot IS 'What was read: every fact with the instant it was observed';
CREATE INDEX decisions_as_of ON book.decisions (as_of);
CREATE INDEX decisions_game ON book.decisions (game_id);
CREATE INDEX decisions_market ON book.decisions (market_id, strategy, as_of);

CREATE TABLE book.orders (
    client_id TEXT NOT NULL,
    venue TEXT NOT NULL,
    market_id TEXT NOT NULL,
    ticker TEXT NOT NULL,
    side TEXT NOT NULL,
    limit_price NUMERIC(8, 6) NOT NULL,
    contracts NUMERIC(18, 2) NOT NULL,
    filled NUMERIC(18, 2) NOT NULL,
    post_only BOOLEAN NOT NULL,
    strategy TEXT NOT NULL,
    decision_id TEXT,
    status TEXT NOT NULL,
    reason TEXT NOT NULL,
    venue_order_id TEXT,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    placed_at TIMESTAMP WITH TIME ZONE,
    expires_at TIMESTAMP WITH TIME ZONE,
    last_changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (client_id),
    FOREIGN KEY(decision_id) REFERENCES book.decisions (decision_id)
);
COMMENT ON COLUMN book.orders.placed_at IS 'When the venue took it: since then it queues';
CREATE INDEX orders_changed ON book.orders (venue, last_changed_at);
CREATE INDEX orders_decision ON book.orders (decision_id);
CREATE INDEX orders_market ON book.orders (market_id);
CREATE INDEX orders_open ON book.orders (venue) WHERE status IN ('written', 'resting');

CREATE TABLE book.fills (
    fill_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    market_id TEXT NOT NULL,
    side TEXT NOT NULL,
    price NUMERIC(8, 6) NOT NULL,
    contracts NUMERIC(18, 2) NOT NULL,
    fee NUMERIC(14, 6) NOT NULL,
    is_maker BOOLEAN NOT NULL,
    filled_at TIMESTAMP WITH TIME ZONE NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (fill_id),
    FOREIGN KEY(client_id) REFERENCES book.orders (client_id)
);
CREATE INDEX fills_client ON book.fills (client_id);
CREATE INDEX fills_market ON book.fills (market_id, filled_at);

CREATE TABLE book.ledger (
    transaction_id TEXT NOT NULL,
    leg INTEGER NOT NULL,
    number BIGINT GENERATED BY DEFAULT AS IDENTITY,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    venue TEXT NOT NULL,
    account TEXT NOT NULL,
    amount NUMERIC(24, 8) NOT NULL,
    strategy TEXT NOT NULL,
    note TEXT NOT NULL,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (transaction_id, leg)
);
COMMENT ON TABLE book.ledger IS 'Double entry: the legs of a transaction sum to zero';
COMMENT ON COLUMN book.ledger.number IS 'Order in which legs were booked';
CREATE INDEX ledger_account ON book.ledger (account, recorded_at);

CREATE TABLE book.settlements (
    market_id TEXT NOT NULL,
    amends INTEGER NOT NULL,
    result TEXT NOT NULL,
    yes_value NUMERIC(8, 6) NOT NULL,
    venue_value NUMERIC(8, 6),
    settled_at TIMESTAMP WITH TIME ZONE NOT NULL,
    game_agrees BOOLEAN,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (market_id, amends)
);
COMMENT ON COLUMN book.settlements.venue_value IS 'As the venue named it; null: a void that returns what was paid';

CREATE TABLE book.paper_markets (
    market_id TEXT NOT NULL,
    taken JSONB NOT NULL,
    seen_until TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (market_id)
);
COMMENT ON TABLE book.paper_markets IS 'What the recorded book does not know: what our paper orders took of it';
COMMENT ON COLUMN book.paper_markets.taken IS '[[side, price, contracts], ...]: no longer there for us';
COMMENT ON COLUMN book.paper_markets.seen_until IS 'Books and trades observed until then were matched';

CREATE TABLE book.equity (
    venue TEXT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    cash NUMERIC(24, 8) NOT NULL,
    positions_cost NUMERIC(24, 8) NOT NULL,
    positions_mid NUMERIC(24, 8) NOT NULL,
    positions_liquidation NUMERIC(24, 8) NOT NULL,
    resting NUMERIC(24, 8) NOT NULL,
    PRIMARY KEY (venue, at)
);
COMMENT ON TABLE book.equity IS 'One row for each change of what an account is worth';
COMMENT ON COLUMN book.equity.positions_mid IS 'At the mid; at cost where there is none';
COMMENT ON COLUMN book.equity.positions_liquidation IS 'What selling all of it would bring';
COMMENT ON COLUMN book.equity.resting IS 'Tied up by resting orders';

CREATE TABLE book.kill_switch (
    set_at TIMESTAMP WITH TIME ZONE NOT NULL,
    is_on BOOLEAN NOT NULL,
    reason TEXT NOT NULL,
    author TEXT NOT NULL,
    PRIMARY KEY (set_at)
);
