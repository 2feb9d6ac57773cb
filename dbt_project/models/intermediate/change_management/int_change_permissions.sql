-- Whether an account could write to the repository at an instant: known where the snapshots before and after agree and lie no
-- further apart than the engagement allows (the first one covers its own day); null where they differ or are missing.
with

questions as (

    select * from {{ ref('int_change_permission_questions') }}

),

engagement as (

    select * from {{ ref('int_engagement') }}

),

snapshots as (

    select distinct
        instance,
        collected_at
    from {{ ref('stg_ledger__collections') }}
    where
        resource = 'repository_collaborators'
        and kind = 'committed'
        and permission not in ('denied', 'not_available')

),

intervals as (

    select
        instance,
        repository_id,
        user_id,
        coalesce(can_push, false) or coalesce(can_maintain, false) or coalesce(can_admin, false) as can_write,
        seen_from,
        seen_to
    from {{ ref('stg_github__repository_collaborators_intervals') }}

),

brackets as (

    select
        instance,
        collected_at as before_at,
        lead(collected_at) over (partition by instance order by collected_at) as after_at
    from snapshots
    union all
    select
        instance,
        {{ null_instant() }} as before_at,
        min(collected_at) as after_at
    from snapshots
    group by instance

),

bracketed as (

    select
        questions.item_key,
        questions.role,
        questions.review_id,
        questions.instance,
        questions.repository_id,
        questions.user_id,
        questions.asked_at,
        brackets.before_at,
        brackets.after_at,
        case
            when brackets.before_at is null then {{ local_date('questions.asked_at', 'engagement.zone') }} = {{ local_date('brackets.after_at', 'engagement.zone') }}
            else {{ seconds_between('brackets.before_at', 'brackets.after_at') }} <= engagement.snapshot_max_gap_days * 86400
        end as is_close
    from questions
    cross join engagement
    left join brackets
        on
            brackets.instance = questions.instance
            and questions.asked_at >= {{ or_since_ever('brackets.before_at') }}
            and questions.asked_at < brackets.after_at

),

states as (

    select
        bracketed.item_key,
        bracketed.role,
        bracketed.review_id,
        bracketed.user_id,
        bracketed.asked_at,
        bracketed.before_at,
        bracketed.after_at,
        bracketed.is_close,
        max(case when intervals.seen_from <= bracketed.before_at and intervals.seen_to >= bracketed.before_at and intervals.can_write then 1 else 0 end) = 1 as could_write_before,
        max(case when intervals.seen_from <= bracketed.after_at and intervals.seen_to >= bracketed.after_at and intervals.can_write then 1 else 0 end) = 1 as could_write_after
    from bracketed
    left join intervals
        on
            intervals.instance = bracketed.instance
            and intervals.repository_id = bracketed.repository_id
            and intervals.user_id = bracketed.user_id
    group by bracketed.item_key, bracketed.role, bracketed.review_id, bracketed.user_id, bracketed.asked_at, bracketed.before_at, bracketed.after_at, bracketed.is_close

),

final as (

    select
        item_key,
        role,
        review_id,
        user_id,
        asked_at,
        case
            when user_id is null or not coalesce(is_close, false) then null
            when before_at is null then could_write_after
            when could_write_before = could_write_after then could_write_before
        end as can_write
    from states

)

select * from final
