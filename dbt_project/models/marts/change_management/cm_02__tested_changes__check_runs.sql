with

check_runs as (

    select * from {{ ref('int_change_check_runs') }}

),

final as (

    select
        item_key,
        record_key,
        check_name,
        is_required,
        app_id,
        app_slug,
        required_app_id,
        is_required_app,
        check_run_id,
        oid,
        sha_role,
        is_candidate,
        outcome,
        started_at,
        completed_at,
        is_by_merge,
        details_url
    from check_runs

)

select * from final
