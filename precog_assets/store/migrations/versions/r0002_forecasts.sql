ALTER TABLE core.games ALTER COLUMN espn_event_id DROP NOT NULL;
ALTER TABLE core.games ADD COLUMN source TEXT NOT NULL DEFAULT 'espn';
ALTER TABLE core.games ADD COLUMN attributes JSONB;
COMMENT ON COLUMN core.games.source IS 'espn, or the name an import was given';
COMMENT ON COLUMN core.games.attributes IS 'Of imports: surface, level, round, best_of, tourney, retired, winner_only';
CREATE INDEX games_league_changed ON core.games (league, last_changed_at);

CREATE TABLE market.closing_odds (
    source TEXT NOT NULL,
    game_id TEXT NOT NULL,
    p_home DOUBLE PRECISION NOT NULL,
    p_draw DOUBLE PRECISION,
    p_away DOUBLE PRECISION NOT NULL,
    imported_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (source, game_id),
    FOREIGN KEY(game_id) REFERENCES core.games (game_id)
);
COMMENT ON COLUMN market.closing_odds.p_home IS 'Without the vig';

CREATE TABLE model.versions (
    model_version TEXT NOT NULL,
    league TEXT NOT NULL,
    name TEXT NOT NULL,
    parameters JSONB NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (model_version)
);
COMMENT ON COLUMN model.versions.name IS 'Name of the choice in config/leagues.yaml, e.g. default';

ALTER TABLE model.ratings ADD COLUMN deviation_before DOUBLE PRECISION;
ALTER TABLE model.ratings ADD COLUMN deviation_after DOUBLE PRECISION;
CREATE INDEX ratings_by_game ON model.ratings (league, model_version, start_time) WHERE superseded_at IS NULL;

CREATE TABLE model.forecasts (
    league TEXT NOT NULL,
    game_id TEXT NOT NULL,
    model_version TEXT NOT NULL,
    season INTEGER NOT NULL,
    start_time TIMESTAMP WITH TIME ZONE NOT NULL,
    home_team_id TEXT NOT NULL,
    away_team_id TEXT NOT NULL,
    as_of TIMESTAMP WITH TIME ZONE NOT NULL,
    p_home DOUBLE PRECISION NOT NULL,
    p_draw DOUBLE PRECISION,
    p_away DOUBLE PRECISION NOT NULL,
    rating_home DOUBLE PRECISION NOT NULL,
    rating_away DOUBLE PRECISION NOT NULL,
    deviation_home DOUBLE PRECISION NOT NULL,
    deviation_away DOUBLE PRECISION NOT NULL,
    games_home INTEGER NOT NULL,
    games_away INTEGER NOT NULL,
    computed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    superseded_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (model_version, game_id, computed_at)
);
COMMENT ON COLUMN model.forecasts.as_of IS 'Results known before this instant were used, none later';
COMMENT ON COLUMN model.forecasts.computed_at IS 'Before start_time: a forecast made ahead; after it: a replay';
CREATE INDEX forecasts_current ON model.forecasts (league, model_version, start_time) WHERE superseded_at IS NULL;

CREATE TABLE model.states (
    league TEXT NOT NULL,
    model_version TEXT NOT NULL,
    before_day DATE NOT NULL,
    season INTEGER NOT NULL,
    opens_season BOOLEAN NOT NULL,
    results_until TIMESTAMP WITH TIME ZONE NOT NULL,
    state BYTEA NOT NULL,
    computed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (model_version, before_day)
);
COMMENT ON TABLE model.states IS 'Where a replay can take up: every number of a model before a day. Made anew at will';
COMMENT ON COLUMN model.states.results_until IS 'last_changed_at of the newest game that was read when it was made';

CREATE TABLE model.blends (
    league TEXT NOT NULL,
    model_version TEXT NOT NULL,
    season INTEGER NOT NULL,
    model_weight DOUBLE PRECISION NOT NULL,
    fitted_games INTEGER NOT NULL,
    computed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    superseded_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (model_version, season, computed_at)
);
COMMENT ON TABLE model.blends IS 'Weight of the model beside the market in a season, learnt on the seasons before';

CREATE TABLE model.evaluations (
    league TEXT NOT NULL,
    model_version TEXT NOT NULL,
    forecast TEXT NOT NULL,
    scope TEXT NOT NULL,
    label TEXT NOT NULL,
    games INTEGER NOT NULL,
    ties_left_out INTEGER NOT NULL,
    brier DOUBLE PRECISION NOT NULL,
    log_loss DOUBLE PRECISION NOT NULL,
    rps DOUBLE PRECISION,
    accuracy DOUBLE PRECISION NOT NULL,
    ece DOUBLE PRECISION NOT NULL,
    priced_games INTEGER NOT NULL,
    closing_brier DOUBLE PRECISION,
    closing_log_loss DOUBLE PRECISION,
    closing_rps DOUBLE PRECISION,
    skill DOUBLE PRECISION,
    skill_low DOUBLE PRECISION,
    skill_high DOUBLE PRECISION,
    leak_findings JSONB NOT NULL,
    computed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    superseded_at TIMESTAMP WITH TIME ZONE,
    PRIMARY KEY (model_version, forecast, scope, label, computed_at)
);
COMMENT ON COLUMN model.evaluations.forecast IS 'model, or market_aware';
COMMENT ON COLUMN model.evaluations.scope IS 'all, season or month';
COMMENT ON COLUMN model.evaluations.skill IS 'Against the closing price on the same games; null: not measured';
