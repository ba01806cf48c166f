-- What users loaded, by id: the row with the highest version of an id is the valid one. Loads write
-- these two tables; searches read the ones below.
--
-- A bucket is a 256th of all companies, with their people. Serving tables are made bucket after
-- bucket, so each is read as a contiguous range. Large parts are not merged in the background: readers
-- say FINAL, and api/load/publish.py merges when there are many. content stands for all that a row
-- says: where its sum over a partition has not changed, nothing has to be published.
CREATE TABLE IF NOT EXISTS companies
(
    company_id String,
    name String,
    domain Nullable(String),
    website Nullable(String),
    phone Nullable(String),
    linkedin_url Nullable(String),
    revenue Nullable(Int64),
    employee_count Nullable(UInt32),
    industry Nullable(String),
    sic Nullable(String),
    naics Nullable(String),
    city Nullable(String),
    state Nullable(String),
    country Nullable(String),
    description Nullable(String),
    keywords Array(String),
    city_key String,
    industries Array(LowCardinality(String)),
    version UInt64 CODEC(Delta, LZ4),
    company_rank UInt64 MATERIALIZED cityHash64(company_id),
    bucket UInt8 MATERIALIZED bitShiftRight(cityHash64(company_id), 56),
    content UInt64 MATERIALIZED cityHash64(
        company_id, name, ifNull(domain, ''), ifNull(website, ''), ifNull(phone, ''),
        ifNull(linkedin_url, ''), ifNull(revenue, -1), ifNull(employee_count, 4294967295),
        ifNull(industry, ''), ifNull(sic, ''), ifNull(naics, ''), ifNull(city, ''), ifNull(state, ''),
        ifNull(country, ''), ifNull(description, ''), keywords, city_key, industries)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (bucket, company_id)
SETTINGS max_bytes_to_merge_at_max_space_in_pool = 16777216;

-- A person who changed company is in two buckets: the newer row counts.
CREATE TABLE IF NOT EXISTS persons
(
    person_id String,
    first_name String,
    last_name String,
    job_title Nullable(String),
    business_email Nullable(String),
    mobile_phone Nullable(String),
    linkedin_url Nullable(String),
    company_id String,
    roles Array(LowCardinality(String)),
    phone_key String,
    linkedin_key String,
    version UInt64 CODEC(Delta, LZ4),
    company_rank UInt64 MATERIALIZED cityHash64(company_id),
    bucket UInt8 MATERIALIZED bitShiftRight(cityHash64(company_id), 56),
    content UInt64 MATERIALIZED cityHash64(
        person_id, first_name, last_name, ifNull(job_title, ''), ifNull(business_email, ''),
        ifNull(mobile_phone, ''), ifNull(linkedin_url, ''), company_id, roles, phone_key, linkedin_key)
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (bucket, person_id)
SETTINGS max_bytes_to_merge_at_max_space_in_pool = 16777216;

-- What searches read: people with their companies, in the one order of every list. A partition is an
-- eighth of all companies. Each load makes those anew whose rows have changed, takes the others over,
-- and exchanges the tables in one step.
--
-- What is only shown is packed into two columns, its parts separated by a NUL, which no value holds:
-- a page costs per column and place that it reads, and so needs 4 columns instead of 22. The parts
-- have their names as aliases. An absent part is empty.
CREATE TABLE IF NOT EXISTS person_index
(
    company_rank UInt64,
    person_id String,
    person String,
    company String,
    roles Array(LowCardinality(String)),
    company_industries Array(LowCardinality(String)),
    company_state LowCardinality(Nullable(String)),
    company_city_key LowCardinality(String),
    company_employee_count Nullable(UInt32),
    phone_key String,
    linkedin_key String,

    first_name String ALIAS splitByChar('\0', person)[1],
    last_name String ALIAS splitByChar('\0', person)[2],
    job_title Nullable(String) ALIAS nullIf(splitByChar('\0', person)[3], ''),
    business_email Nullable(String) ALIAS nullIf(splitByChar('\0', person)[4], ''),
    mobile_phone Nullable(String) ALIAS nullIf(splitByChar('\0', person)[5], ''),
    linkedin_url Nullable(String) ALIAS nullIf(splitByChar('\0', person)[6], ''),
    title_key String ALIAS lowerUTF8(splitByChar('\0', person)[3]),
    email_key String ALIAS lowerUTF8(splitByChar('\0', person)[4]),
    company_id String ALIAS splitByChar('\0', company)[1],
    company_name String ALIAS splitByChar('\0', company)[2],
    company_domain Nullable(String) ALIAS nullIf(splitByChar('\0', company)[3], ''),
    company_website Nullable(String) ALIAS nullIf(splitByChar('\0', company)[4], ''),
    company_phone Nullable(String) ALIAS nullIf(splitByChar('\0', company)[5], ''),
    company_linkedin_url Nullable(String) ALIAS nullIf(splitByChar('\0', company)[6], ''),
    company_revenue Nullable(Int64) ALIAS toInt64OrNull(splitByChar('\0', company)[7]),
    company_industry Nullable(String) ALIAS nullIf(splitByChar('\0', company)[9], ''),
    company_sic Nullable(String) ALIAS nullIf(splitByChar('\0', company)[10], ''),
    company_naics Nullable(String) ALIAS nullIf(splitByChar('\0', company)[11], ''),
    company_city Nullable(String) ALIAS nullIf(splitByChar('\0', company)[12], ''),
    company_country Nullable(String) ALIAS nullIf(splitByChar('\0', company)[14], ''),

    INDEX roles_index roles TYPE text(tokenizer = 'array'),
    INDEX industries_index company_industries TYPE text(tokenizer = 'array'),
    INDEX state_index company_state TYPE text(tokenizer = 'array'),
    INDEX city_index company_city_key TYPE text(tokenizer = 'array'),
    INDEX title_index lowerUTF8(splitByChar('\0', person)[3]) TYPE text(tokenizer = 'splitByNonAlpha'),
    INDEX email_index lowerUTF8(splitByChar('\0', person)[4]) TYPE bloom_filter(0.01) GRANULARITY 8,
    INDEX phone_index phone_key TYPE bloom_filter(0.01) GRANULARITY 8,
    INDEX linkedin_index linkedin_key TYPE bloom_filter(0.01) GRANULARITY 8
)
ENGINE = MergeTree
PARTITION BY toUInt8(bitShiftRight(company_rank, 61))
ORDER BY (company_rank, person_id)
SETTINGS
    -- The rows of a page lie far apart when few match: small granules and blocks make each cheap.
    index_granularity = 512,
    min_compress_block_size = 16384,
    max_compress_block_size = 262144,
    -- Parts are written sorted, one after the other in the order of the key: a page in that order
    -- opens the first part only. For that, the primary key in memory must have both its columns.
    primary_key_ratio_of_unique_prefix_values_to_skip_suffix_columns = 1,
    -- A search that finds little opens every part: once a partition is at rest, it becomes one.
    min_age_to_force_merge_seconds = 2,
    min_age_to_force_merge_on_partition_only = 1,
    number_of_free_entries_in_pool_to_execute_optimize_entire_partition = 1;

-- The people of each role in the same order, with what searches filter by and nothing else: who asks
-- for one role reads its range, however few there are in it, and counts it in milliseconds.
CREATE TABLE IF NOT EXISTS role_index
(
    role LowCardinality(String),
    company_rank UInt64,
    person_id String,
    company_industries Array(LowCardinality(String)),
    company_state LowCardinality(Nullable(String)),
    company_city_key LowCardinality(String),
    company_employee_count Nullable(UInt32)
)
ENGINE = MergeTree
PARTITION BY toUInt8(bitShiftRight(company_rank, 61))
ORDER BY (role, company_rank, person_id)
SETTINGS
    index_granularity = 4096,
    primary_key_ratio_of_unique_prefix_values_to_skip_suffix_columns = 1,
    min_age_to_force_merge_seconds = 2,
    min_age_to_force_merge_on_partition_only = 1,
    number_of_free_entries_in_pool_to_execute_optimize_entire_partition = 1;

-- What company searches read, in the same order as people, so that both tables can be joined by rank.
--
-- words are those of name, keywords and description in lower case, one space between and around them;
-- name_key is the form in which names compare (api/domain/company/conditions.py).
CREATE TABLE IF NOT EXISTS company_index
(
    company_rank UInt64,
    company_id String,
    company String,
    company_industries Array(LowCardinality(String)),
    company_state LowCardinality(Nullable(String)),
    company_city_key LowCardinality(String),
    company_employee_count Nullable(UInt32),
    sic LowCardinality(String),
    naics LowCardinality(String),
    name_key String,
    words String,
    INDEX industries_index company_industries TYPE text(tokenizer = 'array'),
    INDEX state_index company_state TYPE text(tokenizer = 'array'),
    INDEX city_index company_city_key TYPE text(tokenizer = 'array'),
    INDEX name_index name_key TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX words_index words TYPE text(tokenizer = splitByString([' ', '\x01']))
)
ENGINE = MergeTree
PARTITION BY toUInt8(bitShiftRight(company_rank, 61))
ORDER BY (company_rank, company_id)
SETTINGS
    index_granularity = 1024,
    min_age_to_force_merge_seconds = 2,
    min_age_to_force_merge_on_partition_only = 1,
    number_of_free_entries_in_pool_to_execute_optimize_entire_partition = 1;

CREATE TABLE IF NOT EXISTS domain_index
(
    domain String,
    contact_count UInt32,
    industry LowCardinality(Nullable(String)),
    city LowCardinality(Nullable(String)),
    state LowCardinality(Nullable(String)),
    company_ranks Array(UInt64)
)
ENGINE = MergeTree
ORDER BY domain;

-- What the serving tables were made from: rows and the sum of their content, by partition.
CREATE TABLE IF NOT EXISTS published
(
    partition UInt8,
    companies UInt64,
    companies_content UInt64,
    persons UInt64,
    persons_content UInt64
)
ENGINE = MergeTree
ORDER BY partition;
