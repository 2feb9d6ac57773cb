-- Whose an account was, and when: one row per account and stretch of the time from the period's start to the evidence cutoff in which
-- its candidates are the same. Ambiguous is two candidates, or an id and the register that disagree: nobody then.
with accounts as (

    select * from {{ ref('int_accounts_listed') }}

),

candidates as (

    select * from {{ ref('int_account_candidates') }}

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

turns as (

    select account_key, {{ null_instant() }} as turns_at from accounts
    union
    select account_key, valid_from from candidates
    union
    select account_key, valid_to from candidates

),

stretches as (

    select
        account_key,
        turns_at as valid_from,
        lead(turns_at) over (partition by account_key order by turns_at nulls first) as valid_to
    from turns

),

counted as (

    select
        stretches.account_key,
        stretches.valid_from,
        stretches.valid_to,
        count(distinct candidates.person_id) filter (where candidates.method = 'immutable_id') as by_id,
        count(distinct candidates.person_id) filter (where candidates.method = 'mapping') as by_mapping,
        count(distinct candidates.person_id) filter (where candidates.method = 'verified_email') as by_email,
        count(distinct candidates.person_id) filter (where candidates.method <> 'verified_email') as by_id_or_mapping,
        max(candidates.person_id) filter (where candidates.method = 'immutable_id') as id_person_id,
        max(candidates.person_id) filter (where candidates.method = 'mapping') as mapping_person_id,
        max(candidates.person_id) filter (where candidates.method = 'verified_email') as email_person_id
    from stretches
    cross join engagement
    left join candidates
        on
            candidates.account_key = stretches.account_key
            and {{ or_since_ever('candidates.valid_from') }} <= {{ or_since_ever('stretches.valid_from') }}
            and {{ or_for_ever('candidates.valid_to') }} >= {{ or_for_ever('stretches.valid_to') }}
    where
        (stretches.valid_from is null or stretches.valid_from < engagement.evidence_cutoff_at)
        and (stretches.valid_to is null or stretches.valid_to > engagement.period_start_at)
    group by stretches.account_key, stretches.valid_from, stretches.valid_to

),

resolved as (

    select
        *,
        case
            when by_id = 1 and by_id_or_mapping = 1 then 'immutable_id'
            when by_id = 1 then 'ambiguous'
            when by_mapping = 1 then 'mapping'
            when by_id > 1 or by_mapping > 1 then 'ambiguous'
            when by_email = 1 then 'verified_email'
            when by_email > 1 then 'ambiguous'
            else 'none'
        end as resolution
    from counted

),

final as (

    select
        account_key,
        case resolution
            when 'immutable_id' then id_person_id
            when 'mapping' then mapping_person_id
            when 'verified_email' then email_person_id
        end as person_id,
        resolution,
        valid_from,
        valid_to
    from resolved

)

select * from final
