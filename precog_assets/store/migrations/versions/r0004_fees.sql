CREATE TABLE market.fee_changes (
    venue TEXT NOT NULL,
    change_id TEXT NOT NULL,
    observed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    scope TEXT NOT NULL,
    ticker TEXT NOT NULL,
    series_ticker TEXT NOT NULL,
    effective_at TIMESTAMP WITH TIME ZONE,
    fee_type TEXT,
    fee_multiplier NUMERIC(12, 6),
    known_at TIMESTAMP WITH TIME ZONE NOT NULL,
    origin TEXT NOT NULL,
    confirmed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    response_id BIGINT,
    PRIMARY KEY (venue, change_id, observed_at)
);
COMMENT ON COLUMN market.fee_changes.change_id IS 'The venue''s id of a scheduled change, or seen:{scope}:{ticker}';
COMMENT ON COLUMN market.fee_changes.scope IS 'series, or event: an override of its series';
COMMENT ON COLUMN market.fee_changes.effective_at IS 'When a scheduled change takes effect; null: seen in force';
COMMENT ON COLUMN market.fee_changes.fee_type IS 'Null: the event is charged as its series';
COMMENT ON COLUMN market.fee_changes.known_at IS 'When it could be known; observed_at for live facts';
COMMENT ON COLUMN market.fee_changes.origin IS 'live, backfill or import';
COMMENT ON COLUMN market.fee_changes.confirmed_at IS 'Last observation of the same values';
COMMENT ON COLUMN market.fee_changes.response_id IS 'raw.responses row it was read from';
CREATE INDEX fee_changes_series ON market.fee_changes (venue, series_ticker);
